package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.draw.Sequence;
import iadb.io.FileFault;
import iadb.io.InvalidInputException;
import iadb.io.PointReader;
import iadb.random.Stream;
import java.io.IOException;
import java.nio.file.Path;

/** Points that come in pieces, from a file or drawn. */
interface PointStream extends AutoCloseable {
    /** How many there are in all. */
    long count();

    /** The next points, [n, 2], n at most {@code most}; empty after the last. */
    float[] next(int most);

    @Override
    void close() throws IOException;

    /** The points of a file. */
    static PointStream of(Path file) {
        PointReader reader;
        try {
            reader = PointReader.open(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        return new PointStream() {
            @Override
            public long count() {
                return reader.count();
            }

            @Override
            public float[] next(int most) {
                try {
                    return reader.read(most);
                } catch (IOException e) {
                    throw unreadable(file, e);
                }
            }

            @Override
            public void close() throws IOException {
                reader.close();
            }
        };
    }

    private static InvalidInputException unreadable(Path file, IOException e) {
        return new InvalidInputException(file + " cannot be read (" + FileFault.of(e) + ")", e);
    }

    /** Fresh points of a density. */
    static PointStream of(Context context, Density density, Sequence sequence, long seed, int count) {
        PointSource source = new PointSource(context, density, sequence);
        return new PointStream() {
            private int done;

            @Override
            public long count() {
                return count;
            }

            @Override
            public float[] next(int most) {
                int now = Math.min(most, count - done);
                float[] points = now == 0 ? new float[0] : source.drawToHost(seed, Stream.START_POINTS, done, now);
                done += now;
                return points;
            }

            @Override
            public void close() {
                source.close();
            }
        };
    }
}
