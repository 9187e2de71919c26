package iadb.tools;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.file.Png;
import iadb.metric.TotalVariation;
import iadb.model.Network;
import iadb.plot.HeatMap;
import iadb.plot.StrokeText;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import iadb.train.Preset;
import iadb.train.TrainingRun;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/** A picture of what the presets learn of a photo-like image and of text: the density of each map beside the image. */
final class PresetPictures {
    private static final int SIDE = 512;
    private static final int CELLS = 384; // along each side of a panel
    private static final int POINTS = 65_536;

    private PresetPictures() {
    }

    /** Draws for the device of the first argument into the folder of the second. */
    public static void main(String[] arguments) throws IOException {
        try (Context context = Context.open(Device.select(arguments[0]))) {
            BufferedImage photo = row(context, photo());
            BufferedImage text = row(context, ImageDensity.of("text", SIDE, SIDE, StrokeText.drawn(SIDE,
                    List.of("sharp", "maps in", "seconds"))));
            BufferedImage both = new BufferedImage(photo.getWidth(), photo.getHeight() + text.getHeight(), BufferedImage.TYPE_INT_RGB);
            both.createGraphics().drawImage(photo, 0, 0, null);
            both.createGraphics().drawImage(text, 0, photo.getHeight(), null);
            Png.write(Path.of(arguments[1], "presets.png"), both);
        }
    }

    private static BufferedImage row(Context context, Density p1) {
        Density p0 = NamedDensities.find("gaussian").orElseThrow();
        double[] wanted = p1.meanByCell(CELLS, CELLS);
        double top = HeatMap.nearlyHighest(wanted);
        List<HeatMap.Panel> panels = new ArrayList<>();
        panels.add(new HeatMap.Panel(p1.name(), CELLS, CELLS, wanted, 0, top, 1));
        for (Preset preset : Preset.values()) {
            Network network;
            try (TrainingRun run = new TrainingRun(context, preset.settings(), p0, p1)) {
                run.train(0, progress -> true);
                network = run.model().network();
            }
            int T = preset.steps();
            try (PushForward map = new PushForward(context, network, Optional.of(p0),
                    Integration.of(Solver.EULER, Integration.Schedule.LINEAR, T, false), share -> true);
                    PointSource source = new PointSource(context, p0)) {
                double distance = new TotalVariation(p1).distance(map.map(source.drawToHost(0, RandomPurpose.START_POINTS, 0, POINTS)));
                String title = String.format(Locale.ROOT, "%s, %d steps: total variation %.3f", preset, T, distance);
                System.out.println(p1.name() + ", " + title);
                panels.add(new HeatMap.Panel(title, CELLS, CELLS, density(map), 0, top, 1));
            }
        }
        return HeatMap.render(panels);
    }

    /** The density of the map's points at the centres of cells. */
    private static double[] density(PushForward map) {
        float[] centres = new float[2 * CELLS * CELLS];
        for (int c = 0; c < CELLS * CELLS; c++) {
            centres[2 * c] = (c % CELLS + 0.5f) / CELLS;
            centres[2 * c + 1] = 1 - (c / CELLS + 0.5f) / CELLS;
        }
        float[] log = map.inverseWithDensity(centres).logDensity();
        double[] density = new double[log.length];
        Arrays.setAll(density, c -> Math.exp(log[c]));
        return density;
    }

    /** A landscape with clouds, three ranges of hills, a lake, trees and a lit sphere: detail at all scales. */
    static Density photo() {
        SplittableRandom random = new SplittableRandom(7);
        double[] clouds = noise(random, 3, 6, 12, 24, 48);
        double[] ridges = noise(random, 4, 8, 16, 32, 64);
        double[] rock = noise(random, 32, 64, 128);
        double[] ripples = noise(random, 8, 16);
        double[][] trees = new double[7][]; // each: place, top, width
        Arrays.setAll(trees, t -> random.doubles(3).toArray());
        short[] weights = new short[SIDE * SIDE];
        for (int p = 0; p < weights.length; p++) {
            double x = p % SIDE / (double) SIDE;
            double y = p / SIDE / (double) SIDE; // downward
            double light = 0.55 + 0.35 * (1 - y) + 0.5 * Math.max(0, clouds[p] - 0.45) + 0.5 * bell(x - 0.72, y - 0.2, 0.045);
            double[][] hills = {{0.48, 0.16, 0.42}, {0.58, 0.13, 0.28}, {0.68, 0.10, 0.16}};
            for (int k = 0; k < hills.length; k++) {
                double crest = hills[k][0] + hills[k][1] * (2 * ridges[50 * k * SIDE + p % SIDE] - 1);
                light = y > crest ? hills[k][2] * (0.7 + 0.6 * rock[p]) * (1 + 0.8 * (y - crest)) : light;
            }
            if (y > 0.82) {
                light = 0.35 * (1 + 0.4 * Math.sin(90 * y * (1 + 0.3 * ripples[p]))) * (0.6 + 0.6 * bell(x - 0.72, 0, 0.07));
            }
            for (double[] tree : trees) {
                double crown = 0.55 + 0.1 * tree[1];
                boolean inside = Math.abs(x - tree[0]) < (0.012 + 0.01 * tree[2]) * (y - crown) / 0.25 && y < 0.86;
                light = inside ? 0.04 + 0.08 * rock[p] : light;
            }
            double dx = (x - 0.28) / 0.15;
            double dy = (y - 0.42) / 0.15;
            double dz = Math.sqrt(Math.max(0, 1 - dx * dx - dy * dy));
            light = dz > 0 ? 0.08 + 0.85 * Math.max(0, 0.7 * dz - 0.5 * dx - 0.4 * dy) * (0.85 + 0.3 * rock[p]) : light;
            weights[p] = (short) Math.round(ImageDensity.WHITE * Math.max(0, Math.min(1, light)));
        }
        return ImageDensity.of("photo-like image", SIDE, SIDE, weights);
    }

    private static double bell(double dx, double dy, double sigma) { return Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma)); }

    /** Value noise [SIDE][SIDE] from 0 to 1: octaves of smoothly interpolated random grids of these sizes. */
    private static double[] noise(SplittableRandom random, int... sizes) {
        double[] sum = new double[SIDE * SIDE];
        double amplitude = 1;
        for (int size : sizes) {
            double[] grid = random.doubles((size + 1L) * (size + 1)).toArray();
            for (int p = 0; p < sum.length; p++) {
                int column = p % SIDE * size / SIDE;
                int row = p / SIDE * size / SIDE;
                double u = smooth(p % SIDE * size / (double) SIDE - column);
                double v = smooth(p / SIDE * size / (double) SIDE - row);
                int at = row * (size + 1) + column;
                sum[p] += amplitude * ((1 - v) * ((1 - u) * grid[at] + u * grid[at + 1])
                        + v * ((1 - u) * grid[at + size + 1] + u * grid[at + size + 2]));
            }
            amplitude *= 0.55;
        }
        double least = Arrays.stream(sum).min().orElseThrow();
        double most = Arrays.stream(sum).max().orElseThrow();
        Arrays.setAll(sum, p -> (sum[p] - least) / (most - least));
        return sum;
    }

    private static double smooth(double t) { return t * t * (3 - 2 * t); }
}
