package iadb.view;

import iadb.fault.FileFault;
import iadb.file.FrameWriter;
import iadb.file.Png;
import iadb.plot.Palette;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Writes pictures of the window: screenshots, the last frame, and a recording, which another thread encodes. When a picture cannot
 * be written, the user gets a message and the window stays open.
 */
final class Pictures implements AutoCloseable {
    private static final int MAX_WAITING = 16; // recorded frames in memory
    private static final long MAX_WAITING_BYTES = 1 << 28;
    private static final long PATIENCE_MILLIS = 100; // for which the window waits for a slow recorder, before it skips a frame
    private static final long SILENCE_MILLIS = 1000; // after which the user learns why the window does not close

    private final RealtimeConfig config;
    private final Surface surface;
    private final Consumer<String> messages;
    private final Optional<FrameWriter> recording;
    private final ExecutorService recorder = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "recorder");
        thread.setDaemon(true);
        return thread;
    });
    private final Deque<Future<?>> waiting = new ArrayDeque<>(); // frames of the recording that are not yet known to be written
    private long startNanos; // time of the recording's first frame
    private long lastTick;   // time of its latest frame, in ticks since the first
    private int width;       // size of its frames; 0 before the first
    private int height;
    private Optional<IOException> fault = Optional.empty();
    private boolean recordingEnded;
    private int screenshots;

    private interface PictureWriter {
        void write() throws IOException;
    }

    /**
     * @param messages receives messages to the user
     * @throws IOException when the recording cannot be started
     */
    Pictures(RealtimeConfig config, Surface surface, Consumer<String> messages) throws IOException {
        this.config = config;
        this.surface = surface;
        this.messages = messages;
        recording = config.recording().isPresent() ? Optional.of(config.recording().get().open()) : Optional.empty();
    }

    private BufferedImage frame() { return OpenGl.readPixels(surface.width(), surface.height()); }

    /** Writes the current frame as a new file in the output folder. */
    void takeScreenshot() {
        try {
            Files.createDirectories(config.folder());
            Path file;
            do {
                file = config.folder().resolve("screenshot_" + screenshots++ + ".png");
            } while (Files.exists(file));
            Png.write(file, frame());
            messages.accept(file.toString());
        } catch (IOException e) {
            messages.accept(notWritten(e));
        }
    }

    /** Writes the current frame to the file for the last frame, if there is one; a recording without frames gets it, too. */
    void takeLastFrame() {
        config.screenshot().ifPresent(file -> write(() -> Png.write(file, frame())));
        if (width == 0) {
            record();
        }
    }

    /** Finishes the recording. */
    void finish() {
        if (width > 0 && !recordingEnded) {
            write(() -> {
                if (!awaitFrames(0, SILENCE_MILLIS)) {
                    messages.accept("encoding the rest of " + config.recording().orElseThrow().target());
                    awaitFrames(0, Long.MAX_VALUE);
                }
                recording.orElseThrow().finish();
            });
            recordingEnded = true;
        }
    }

    private void write(PictureWriter writer) {
        try {
            writer.write();
        } catch (IOException e) {
            fault = Optional.of(e);
            messages.accept(notWritten(e));
        }
    }

    /** The exception from writing the recording or the last frame, if any. */
    Optional<IOException> fault() { return fault; }

    static String notWritten(IOException e) {
        return "not written: " + (e instanceof FileSystemException at ? at.getFile() + ": " + FileFault.of(e) : e.getMessage());
    }

    /**
     * Adds the current frame to the recording if the next is due. The recording plays at the window's speed: its frame at any time
     * is the one that the window showed then, or an earlier one if the recorder is too slow.
     */
    void record() {
        if (recording.isEmpty() || recordingEnded) {
            return;
        }
        Recording.Kind kind = config.recording().orElseThrow().kind();
        long now = System.nanoTime();
        startNanos = width == 0 ? now : startNanos;
        long tick = (now - startNanos) * kind.ticksPerSecond / 1_000_000_000;
        int held = (int) Math.min(Integer.MAX_VALUE, tick - lastTick);
        if (width > 0 && held < kind.minTicks) {
            return;
        }
        long bytes = (long) Integer.BYTES * surface.width() * surface.height();
        write(() -> {
            if (awaitFrames((int) Math.max(1, Math.min(MAX_WAITING, MAX_WAITING_BYTES / bytes)), PATIENCE_MILLIS)) {
                lastTick = tick;
                add(frame(), held);
            }
        });
    }

    private void add(BufferedImage picture, int held) {
        if (width == 0) {
            width = picture.getWidth();
            height = picture.getHeight();
        }
        waiting.add(recorder.submit(() -> {
            recording.orElseThrow().add(fitted(picture), held);
            return null;
        }));
    }

    /**
     * Waits until at most {@code max} frames are waiting to be written; a failure ends the recording.
     *
     * @return whether that took at most so many milliseconds for each frame
     */
    private boolean awaitFrames(int max, long millis) throws IOException {
        try {
            while (waiting.size() > max || !waiting.isEmpty() && waiting.peek().isDone()) {
                waiting.peek().get(millis, TimeUnit.MILLISECONDS);
                waiting.remove();
            }
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            recordingEnded = true;
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            recordingEnded = true;
            throw e.getCause() instanceof IOException cause ? cause
                    : new IOException("recording: " + e.getCause().getMessage(), e.getCause());
        }
    }

    /** The picture in the size of the first: one of another shape gets margins. */
    private BufferedImage fitted(BufferedImage picture) {
        if (picture.getWidth() == width && picture.getHeight() == height) {
            return picture;
        }
        double scale = Math.min(width / (double) picture.getWidth(), height / (double) picture.getHeight());
        int fittedWidth = (int) Math.max(1, Math.round(picture.getWidth() * scale));
        int fittedHeight = (int) Math.max(1, Math.round(picture.getHeight() * scale));
        BufferedImage fitted = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = fitted.createGraphics();
        graphics.setColor(new Color(Palette.PAPER));
        graphics.fillRect(0, 0, width, height);
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(picture, (width - fittedWidth) / 2, (height - fittedHeight) / 2, fittedWidth, fittedHeight, null);
        graphics.dispose();
        return fitted;
    }

    /** Finishes the recording, if that has not happened, and ends. */
    @Override
    public void close() {
        finish();
        recorder.shutdownNow();
        recording.ifPresent(FrameWriter::close);
    }
}
