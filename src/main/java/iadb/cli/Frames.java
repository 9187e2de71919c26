package iadb.cli;

import iadb.io.Gif;
import iadb.io.Png;
import iadb.io.PointFrames;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * {@code x_0.png} … {@code x_T.png} and {@code animation.gif}, drawn on all processors while the device moves on.
 * A few frames are in the works at once, so that memory stays bounded.
 */
final class Frames implements AutoCloseable {
    private static final int SIDE = 640;
    private static final int DELAY_HUNDREDTHS = 4;
    private static final int LAST_DELAY_HUNDREDTHS = 200;

    private final Path folder;
    private final int T;
    private final PointFrames frames;
    private final Gif.Writer gif;
    private final int threads = Runtime.getRuntime().availableProcessors();
    private final ExecutorService painters = Executors.newFixedThreadPool(threads);
    private final Deque<Future<BufferedImage>> inTheWorks = new ArrayDeque<>();
    private int t;

    /** @param start [N, 2] where the points start: their place gives them their colour */
    Frames(Path folder, int T, float[] start) throws IOException {
        this.folder = folder;
        this.T = T;
        frames = new PointFrames(SIDE, start);
        gif = Gif.open(folder.resolve("animation.gif"), DELAY_HUNDREDTHS, LAST_DELAY_HUNDREDTHS);
    }

    /** Adds the next frame. @param points [N, 2], not to be changed afterwards */
    void add(float[] points) throws IOException {
        int step = t++;
        inTheWorks.add(painters.submit(() -> {
            BufferedImage picture = frames.render(points, "t = " + step + " / " + T);
            Png.write(folder.resolve("x_" + step + ".png"), picture);
            return picture;
        }));
        if (inTheWorks.size() > 2 * threads) {
            addOldestToGif();
        }
    }

    private void addOldestToGif() throws IOException {
        try {
            gif.add(inTheWorks.remove().get());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Waits for all pictures and ends the animation. */
    void finish() throws IOException {
        while (!inTheWorks.isEmpty()) {
            addOldestToGif();
        }
        gif.finish();
    }

    @Override
    public void close() {
        painters.shutdownNow();
        gif.close();
    }
}
