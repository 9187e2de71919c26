package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.draw.PointSource.Sequence;
import iadb.draw.PointSource;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.file.PointReader;
import iadb.plot.Box;
import iadb.random.RandomPurpose;
import iadb.sample.PushForward;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.slf4j.LoggerFactory;

/** Points in chunks: read from a file, or drawn from a density. */
abstract class PointStream implements AutoCloseable {
    private final long count;
    private long before; // points before the last chunk
    private long done;

    private PointStream(long count) {
        this.count = count;
    }

    /** The total number of points. */
    long count() { return count; }

    /** The number of points before the last chunk. */
    long before() { return before; }

    /** The number of points that are mapped when a share of the last chunk is. */
    long moved(double share) { return before + (long) (share * (done - before)); }

    /** The next chunk of points, [n, 2]; empty after the last. */
    float[] next() { return next(PushForward.CHUNK_POINTS); }

    /** The next points, [n, 2], n at most {@code max}; empty after the last. */
    float[] next(int max) {
        float[] points = read(done, max);
        before = done;
        done += points.length / 2;
        return points;
    }

    /** @return [n, 2], n at most {@code max}, 0 only after the last */
    abstract float[] read(long first, int max);

    @Override
    public abstract void close() throws IOException;

    /**
     * The points of a file, in the units of a box. After the last, closing warns of points outside it: pixel coordinates are a common
     * mistake.
     */
    static PointStream of(Path file, Box box) {
        PointReader reader;
        long count;
        try {
            reader = PointReader.open(file);
            count = countOrClose(reader);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        return new PointStream(count) {
            private long outside;

            @Override
            float[] read(long first, int max) {
                try {
                    float[] points = box.toUnit(reader.read(max));
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
                if (outside > 0 && moved(1) == count()) {
                    LoggerFactory.getLogger(PointStream.class).warn(String.format(Locale.ROOT,
                            "%,d of %,d points of %s lie outside the %s", outside, count(), file, box.isUnit()
                            ? "unit square: x and y are from 0 to 1" : String.format(Locale.ROOT,
                            "square from (%.5g, %.5g) to (%.5g, %.5g)", box.x0(), box.y0(), box.x(1), box.y(1))));
                }
            }
        };
    }

    private static long countOrClose(PointReader reader) throws IOException {
        try {
            return reader.count();
        } catch (IOException | RuntimeException e) {
            reader.close();
            throw e;
        }
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
        return new PointStream(count) {
            @Override
            float[] read(long first, int max) {
                int now = Math.min(max, count - (int) first);
                return now == 0 ? new float[0] : source.drawToHost(seed, RandomPurpose.START_POINTS, (int) first, now);
            }

            @Override
            public void close() {
                source.close();
            }
        };
    }
}
