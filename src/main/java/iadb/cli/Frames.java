package iadb.cli;

import iadb.file.FrameWriter;
import iadb.file.GifWriter;
import iadb.file.Png;
import iadb.file.VideoWriter;
import iadb.plot.Box;
import iadb.plot.PointFrames;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes {@code x_0.png} … {@code x_T.png} and an animation of them, on all processors while the device computes. The number of
 * frames in memory is limited.
 */
final class Frames implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Frames.class);
    private static final int SIDE = 640;
    private static final long MAX_PENDING_FLOATS = 1 << 26;
    private static final int FRAMES_PER_SECOND = 25;
    private static final int LAST_SECONDS = 2; // for which the last frame is shown
    private static final int GIF_TICKS_PER_SECOND = 100;

    private final Path folder;
    private final int T;
    private final PointFrames frames;
    private final FrameWriter animation;
    private final int ticks; // of a frame in the animation
    private final int maxPending;
    private final ExecutorService painters;
    private final Deque<Future<BufferedImage>> pending = new ArrayDeque<>();
    private int t;

    /**
     * @param start [N, 2], the start points, which determine the colours
     * @param box   whose units the axes show
     * @param name  of the animation; if it is that of a video that cannot be written here, a warning says that it becomes a GIF
     */
    Frames(Path folder, int T, float[] start, Box box, String name) throws IOException {
        this.folder = folder;
        this.T = T;
        int threads = Runtime.getRuntime().availableProcessors();
        maxPending = (int) Math.max(1, Math.min(2 * threads, MAX_PENDING_FLOATS / start.length));
        painters = Executors.newFixedThreadPool(threads);
        frames = new PointFrames(SIDE, start, box);
        animation = animation(folder.resolve(name));
        ticks = animation instanceof GifWriter ? GIF_TICKS_PER_SECOND / FRAMES_PER_SECOND : 1;
    }

    private static FrameWriter animation(Path file) throws IOException {
        Path gif = file.resolveSibling("animation.gif");
        try {
            if (VideoWriter.isVideo(file)) {
                return new VideoWriter(file, FRAMES_PER_SECOND, LAST_SECONDS * FRAMES_PER_SECOND);
            }
        } catch (VideoWriter.NoEncoderException e) {
            LOG.warn("{}; {} is written instead of {}", e.getMessage(), gif, file);
        }
        return new GifWriter(gif, LAST_SECONDS * GIF_TICKS_PER_SECOND);
    }

    /**
     * Adds the next frame.
     *
     * @param points [N, 2], not modified later
     */
    void add(float[] points) throws IOException {
        int step = t++;
        pending.add(painters.submit(() -> {
            BufferedImage picture = frames.render(points, "t = " + step + " / " + T);
            Png.write(folder.resolve("x_" + step + ".png"), picture);
            return picture;
        }));
        if (pending.size() > maxPending) {
            addOldest();
        }
    }

    private void addOldest() throws IOException {
        try {
            animation.add(pending.remove().get(), ticks);
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

    /** Waits for all pictures, completes the animation, and deletes the pictures of an earlier, longer run. */
    void finish() throws IOException {
        while (!pending.isEmpty()) {
            addOldest();
        }
        animation.finish();
        for (int step = T + 1; Files.deleteIfExists(folder.resolve("x_" + step + ".png")); step++) {
            LOG.debug("removed x_{}.png of an earlier run", step);
        }
    }

    /** Waits for the pictures that are being written. Without {@link #finish} before, the animation is deleted. */
    @Override
    public void close() {
        painters.shutdown();
        try {
            if (!painters.awaitTermination(10, TimeUnit.SECONDS)) {
                painters.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        animation.close();
    }
}
