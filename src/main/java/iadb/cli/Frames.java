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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes {@code x_0.png} … {@code x_T.png} and an animation of them, on all processors while the device computes. The number of
 * frames in memory is limited. A file that cannot be written costs the caller nothing else: a warning names it.
 */
final class Frames implements AutoCloseable {
    /** The formats of the animation. */
    static final List<String> FORMATS = List.of("gif", "mp4", "webm");

    private static final Logger LOG = LoggerFactory.getLogger(Frames.class);
    private static final int SIDE = 640;
    private static final long MAX_PENDING_FLOATS = 1 << 26;
    private static final int FRAMES_PER_SECOND = 25;
    private static final int LAST_SECONDS = 2; // for which the last frame is shown

    private final Path folder;
    private final int T;
    private final PointFrames frames;
    private final int maxPending;
    private final ExecutorService painters;
    private final Deque<Future<BufferedImage>> pending = new ArrayDeque<>();
    private Path file; // of the animation
    private Optional<FrameWriter> animation = Optional.empty(); // empty after a failure
    private int t;
    private boolean painting = true; // until a picture cannot be written

    /**
     * @param start  [N, 2], the start points, which determine the colours
     * @param box    whose units the axes show
     * @param format of the animation, gif, mp4 or webm; if it is that of a video that cannot be written here, a warning says that
     *               it becomes a GIF
     */
    Frames(Path folder, int T, float[] start, Box box, String format) {
        this.folder = folder;
        this.T = T;
        int threads = Runtime.getRuntime().availableProcessors();
        maxPending = (int) Math.max(1, Math.min(2 * threads, MAX_PENDING_FLOATS / start.length));
        painters = Executors.newFixedThreadPool(threads);
        frames = new PointFrames(SIDE, start, box);
        file = animationFile(format);
        try {
            animation = Optional.of(openAnimation());
        } catch (IOException e) {
            dropAnimation(e);
        }
    }

    private Path animationFile(String format) { return folder.resolve("animation." + format); }

    private FrameWriter openAnimation() throws IOException {
        Path gif = animationFile("gif");
        try {
            if (VideoWriter.isVideo(file)) {
                return new VideoWriter(file, FRAMES_PER_SECOND, LAST_SECONDS * FRAMES_PER_SECOND);
            }
        } catch (VideoWriter.NoEncoderException e) {
            LOG.warn("{}; {} is written instead of {}", e.getMessage(), gif, file);
        }
        file = gif;
        return new GifWriter(gif, LAST_SECONDS * GifWriter.TICKS_PER_SECOND);
    }

    private void dropAnimation(IOException e) {
        LOG.warn("{}; the other files are still written", Main.writeFault(e).orElseThrow());
        animation.ifPresent(FrameWriter::close);
        animation = Optional.empty();
    }

    /**
     * Adds the next frame.
     *
     * @param points [N, 2], not modified later
     */
    void add(float[] points) throws IOException {
        int step = t++;
        if (!painting) {
            return;
        }
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
        BufferedImage picture;
        try {
            picture = pending.remove().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof IOException fault)) {
                throw new IllegalStateException(e.getCause());
            }
            if (painting) {
                LOG.warn("{}; the points are still written", Main.writeFault(fault).orElseThrow());
            }
            painting = false;
            animation.ifPresent(FrameWriter::close); // it would lack a frame
            animation = Optional.empty();
            return;
        }
        if (animation.isPresent()) {
            try {
                animation.get().add(picture, animation.get().ticksPerSecond() / FRAMES_PER_SECOND);
            } catch (IOException e) {
                dropAnimation(e);
            }
        }
    }

    /**
     * Waits for all pictures, completes the animation, and deletes what an earlier run has left: the pictures of further steps, and
     * its animation in another format.
     *
     * @return whether all files were written
     */
    boolean finish() throws IOException {
        while (!pending.isEmpty()) {
            addOldest();
        }
        if (animation.isPresent()) {
            try {
                animation.get().finish();
            } catch (IOException e) {
                dropAnimation(e);
            }
        }
        for (int step = T + 1; Files.deleteIfExists(folder.resolve("x_" + step + ".png")); step++) {
            LOG.debug("removed x_{}.png of an earlier run", step);
        }
        for (Path other : FORMATS.stream().map(this::animationFile).toList()) {
            if (animation.isPresent() && !other.equals(file) && Files.isRegularFile(other)) {
                Files.delete(other);
                LOG.debug("removed {} of an earlier run", other);
            }
        }
        return animation.isPresent();
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
        animation.ifPresent(FrameWriter::close);
    }
}
