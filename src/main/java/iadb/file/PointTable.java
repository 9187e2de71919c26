package iadb.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Points as a table: x, y, in a PLY file z = 0, which most viewers need, and the log-density if there is one. NPY and PLY hold
 * little-endian float32; CSV holds what {@link Float#toString} gives, in every locale, so that each value reads back to the same bits.
 */
final class PointTable extends PointWriter {
    private final Form form;
    private final int columns;

    PointTable(AtomicFile file, Form form, Layout layout) throws IOException {
        super(file);
        this.form = form;
        columns = (form == Form.PLY ? 3 : 2) + (layout.logDensity() ? 1 : 0);
        file.stream().write(switch (form) {
            case NPY -> NpyWriter.header(layout.count(), columns);
            case CSV -> ascii(layout.logDensity() ? "x,y,log_density\n" : "x,y\n");
            default -> ascii("ply\nformat binary_little_endian 1.0\nelement vertex " + layout.count()
                    + "\nproperty float x\nproperty float y\nproperty float z\n"
                    + (layout.logDensity() ? "property float log_density\n" : "") + "end_header\n");
        });
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void add(float[] starts, float[] points, float[] logDensity) throws IOException {
        float[] rows = rows(points, logDensity, columns);
        if (form != Form.CSV) {
            NpyWriter.writeFloats(file.stream(), rows);
            return;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows.length; i++) {
            text.append(rows[i]).append((i + 1) % columns == 0 ? '\n' : ',');
        }
        file.stream().write(ascii(text.toString()));
    }

    /** Points [n, 2] in the first columns and, unless it is null, their log-density [n] in the last one: [n, columns]. */
    static float[] rows(float[] points, float[] logDensity, int columns) {
        if (columns == 2) {
            return points;
        }
        float[] rows = new float[columns * (points.length / 2)];
        for (int n = 0; n < points.length / 2; n++) {
            rows[columns * n] = points[2 * n];
            rows[columns * n + 1] = points[2 * n + 1];
            if (logDensity != null) {
                rows[columns * n + columns - 1] = logDensity[n];
            }
        }
        return rows;
    }
}
