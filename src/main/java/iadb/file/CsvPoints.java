package iadb.file;

import java.io.IOException;
import java.nio.file.Path;

/** Points as a table x,y or x,y,log_density. */
final class CsvPoints implements PointWriter {
    private final Csv.Writer writer;

    CsvPoints(Path target, Layout layout) throws IOException {
        writer = Csv.open(target, layout.logDensity() ? "x,y,log_density" : "x,y");
    }

    @Override
    public void add(float[] starts, float[] points, float[] logDensity) throws IOException {
        for (int n = 0; n < points.length / 2; n++) {
            Csv.Line line = writer.line().add(points[2 * n]).add(points[2 * n + 1]);
            if (logDensity != null) {
                line.add(logDensity[n]);
            }
            writer.write(line);
        }
    }

    @Override
    public void finish() throws IOException {
        writer.finish();
    }

    @Override
    public void close() {
        writer.close();
    }
}
