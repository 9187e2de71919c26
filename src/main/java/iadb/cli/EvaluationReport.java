package iadb.cli;

import iadb.density.Density;
import iadb.file.Png;
import iadb.metric.Histogram;
import iadb.plot.HeatMap;
import iadb.sample.PushForward;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The picture of an evaluation: p1, the density of the points, and the log of the map's density, side by side. */
final class EvaluationReport {
    private static final int LONGER_SIDE = 128; // cells, each of which costs an inverse of the map
    private static final double LOG_SPAN = 8;

    private final Density p1;
    private final double aspect;
    private final int width;
    private final int height;

    /** @param p1 that points were compared with; its image's aspect is that of the others */
    EvaluationReport(Density p1) {
        this.p1 = p1;
        aspect = (double) p1.width() / p1.height();
        width = (int) Math.max(1, Math.round(LONGER_SIDE * Math.min(1, aspect)));
        height = (int) Math.max(1, Math.round(LONGER_SIDE * Math.min(1, 1 / aspect)));
    }

    /** Points that are inverted for the picture of a map's density. */
    int cells() {
        return width * height;
    }

    /** Draws and writes the picture; {@code map} made the points, and is empty where it is not known. */
    void write(Path file, float[] points, Optional<PushForward> map) throws IOException {
        double[] wanted = p1.meanByCell(width, height);
        double[] made = Histogram.density(points, width, height);
        double top = HeatMap.nearlyHighest(wanted); // of few points, the highest is noise
        List<HeatMap.Panel> panels = new ArrayList<>();
        panels.add(new HeatMap.Panel("p1: " + p1.name(), width, height, wanted, 0, top, aspect));
        panels.add(new HeatMap.Panel(map.isPresent() ? "the map's points" : "the points", width, height, made, 0, top, aspect));
        map.ifPresent(m -> panels.add(logDensity(m)));
        Png.write(file, HeatMap.render(panels));
    }

    private HeatMap.Panel logDensity(PushForward map) {
        float[] values = map.inverseWithDensity(centres()).logDensity();
        double[] log = new double[values.length];
        Arrays.setAll(log, i -> values[i]);
        double top = Math.ceil(Arrays.stream(log).filter(Double::isFinite).max().orElse(0));
        return new HeatMap.Panel("log density of the map", width, height, log, top - LOG_SPAN, top, aspect);
    }

    private float[] centres() {
        float[] centres = new float[2 * width * height];
        for (int c = 0; c < width * height; c++) {
            centres[2 * c] = (c % width + 0.5f) / width;
            centres[2 * c + 1] = 1 - (c / width + 0.5f) / height;
        }
        return centres;
    }
}
