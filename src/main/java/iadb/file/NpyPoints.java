package iadb.file;

import java.io.IOException;
import java.nio.file.Path;

/** Points as a float32 array [N, 2], or [N, 3] with the log-density. */
final class NpyPoints implements PointWriter {
    private final NpyWriter writer;

    NpyPoints(Path target, Layout layout) throws IOException {
        writer = NpyWriter.open(target, layout.count(), layout.logDensity() ? 3 : 2);
    }

    @Override
    public void add(float[] starts, float[] points, float[] logDensity) throws IOException {
        writer.append(logDensity == null ? points : PointWriter.rows(points, logDensity));
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
