package iadb.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Points as a Stanford PLY point cloud, binary and little-endian: x, y, and z = 0, which most viewers ask for; then the
 * log-density.
 */
final class PlyPoints implements PointWriter {
    private final AtomicFile file;
    private final boolean logDensity;

    PlyPoints(Path target, Layout layout) throws IOException {
        logDensity = layout.logDensity();
        file = AtomicFile.open(target);
        String header = "ply\nformat binary_little_endian 1.0\nelement vertex " + layout.count()
                + "\nproperty float x\nproperty float y\nproperty float z\n"
                + (logDensity ? "property float log_density\n" : "") + "end_header\n";
        file.stream().write(header.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void add(float[] starts, float[] points, float[] logDensities) throws IOException {
        int columns = logDensity ? 4 : 3;
        float[] rows = new float[columns * (points.length / 2)];
        for (int n = 0; n < points.length / 2; n++) {
            rows[columns * n] = points[2 * n];
            rows[columns * n + 1] = points[2 * n + 1];
            if (logDensity) {
                rows[columns * n + 3] = logDensities[n];
            }
        }
        Npy.writeFloats(file.stream(), rows);
    }

    @Override
    public void finish() throws IOException {
        file.commit();
    }

    @Override
    public void close() {
        file.close();
    }
}
