package iadb.view;

import iadb.file.FrameWriter;
import iadb.plot.Palette;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Records a sequence of pictures that plays at the speed at which they come; another thread encodes them. If that is too slow,
 * pictures are skipped, and the one before is shown longer.
 */
final class Recorder implements AutoCloseable {
    /** The maximum number of frames in memory, fewer if they are large. */
    static final int MAX_WAITING = 16;
    /** The longest time for which a frame is shown. */
    static final int MAX_HELD_SECONDS = 5;

    private static final long MAX_WAITING_BYTES = 1 << 28;
    private static final long MAX_WAIT_MILLIS = 100; // for a slow writer, before a picture is skipped
    private static final long NOTICE_AFTER_MILLIS = 1000;
    private static final long MAX_CLOSE_SECONDS = 10;

    private final FrameWriter writer;
    private final int minTicks;
    private final LongSupplier nanoTime;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(work -> {
        Thread worker = new Thread(work, "recorder");
        worker.setDaemon(true);
        return worker;
    });
    private final Deque<Future<?>> waiting = new ArrayDeque<>(); // frames that are not yet known to be written
    private long startNanos; // time of the first frame
    private long lastTick;   // time of the latest frame, in ticks since the first
    private int width;       // of the frames; 0 before the first
    private int height;
    private boolean ended;

    /**
     * @param writer   this object closes it
     * @param minTicks between two frames
     * @param nanoTime a clock
     */
    Recorder(FrameWriter writer, int minTicks, LongSupplier nanoTime) {
        this.writer = writer;
        this.minTicks = minTicks;
        this.nanoTime = nanoTime;
    }

    boolean isEmpty() { return width == 0; }

    /**
     * Adds the current picture if a frame is due. A frame is shown until the next one is added, for {@value #MAX_HELD_SECONDS}
     * seconds at most.
     *
     * @param pictureWidth  of the picture; one of another shape than the first gets margins
     * @param pictureHeight of the picture
     * @param picture       supplies the picture
     * @throws IOException if an earlier frame could not be written; this ends the recording
     */
    void record(int pictureWidth, int pictureHeight, Supplier<BufferedImage> picture) throws IOException {
        if (ended) {
            return;
        }
        long now = nanoTime.getAsLong();
        startNanos = isEmpty() ? now : startNanos;
        long tick = (now - startNanos) * writer.ticksPerSecond() / 1_000_000_000;
        int held = (int) Math.min(MAX_HELD_SECONDS * writer.ticksPerSecond(), tick - lastTick);
        if (!isEmpty() && held < minTicks) {
            return;
        }
        long bytes = (long) Integer.BYTES * pictureWidth * pictureHeight;
        if (awaitFrames((int) Math.max(1, Math.min(MAX_WAITING, MAX_WAITING_BYTES / bytes)), MAX_WAIT_MILLIS)) {
            lastTick = tick;
            add(picture.get(), held);
        }
    }

    private void add(BufferedImage picture, int held) {
        if (isEmpty()) {
            width = picture.getWidth();
            height = picture.getHeight();
        }
        waiting.add(thread.submit(() -> {
            writer.add(fitted(picture), held);
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
            ended = true;
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            ended = true;
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

    /**
     * Writes the waiting frames and completes the recording. Does nothing before the first frame or after a failure.
     *
     * @param notice called if this takes longer
     */
    void finish(Runnable notice) throws IOException {
        if (isEmpty() || ended) {
            return;
        }
        if (!awaitFrames(0, NOTICE_AFTER_MILLIS)) {
            notice.run();
            awaitFrames(0, Long.MAX_VALUE);
        }
        ended = true;
        writer.finish();
    }

    /**
     * Discards waiting frames, and closes the writer after the frame that it is writing, or after ten seconds.
     */
    @Override
    public void close() {
        thread.shutdown();
        waiting.forEach(frame -> frame.cancel(false));
        try {
            thread.awaitTermination(MAX_CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        writer.close();
    }
}
