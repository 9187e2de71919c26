package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.draw.Sequence;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.file.PointReader;
import iadb.random.RandomPurpose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.slf4j.LoggerFactory;

/** Points that come in pieces, from a file or drawn. */
interface PointStream extends AutoCloseable {
    /** How many there are in all. */
    long count();

    /** The next points, [n, 2], n at most {@code most}; empty after the last. */
    float[] next(int most);

    @Override
    void close() throws IOException;

    /** The points of a file; when all were read, its end says how many lie where no density is: pixels are a common mistake. */
    static PointStream of(Path file) {
        PointReader reader;
        try {
            reader = PointReader.open(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        return new PointStream() {
            private long done;
            private long outside;

            @Override
            public long count() {
                return reader.count();
            }

            @Override
            public float[] next(int most) {
                try {
                    float[] points = reader.read(most);
                    done += points.length / 2;
                    for (int n = 0; n < points.length; n += 2) {
                        outside += isInside(points[n]) && isInside(points[n + 1]) ? 0 : 1;
                    }
                    return points;
                } catch (IOException e) {
                    throw unreadable(file, e);
                }
            }

            @Override
            public void close() throws IOException {
                reader.close();
                if (outside > 0 && done == count()) {
                    LoggerFactory.getLogger(PointStream.class).warn(String.format(Locale.ROOT,
                            "%,d of %,d points of %s lie outside the unit square: x and y go from 0 to 1", outside, done, file));
                }
            }
        };
    }

    private static boolean isInside(float coordinate) {
        return coordinate >= 0 && coordinate <= 1;
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
                float[] points = now == 0 ? new float[0] : source.drawToHost(seed, RandomPurpose.START_POINTS, done, now);
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
