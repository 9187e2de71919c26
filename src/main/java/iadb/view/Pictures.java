package iadb.view;

import iadb.fault.FileFault;
import iadb.file.GifWriter;
import iadb.file.Png;
import iadb.plot.Palette;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
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
import java.util.function.Consumer;

/**
 * Writes the pictures of a window: screenshots, the last frame, and a recording of some frames a second as a looping GIF, scaled
 * and reduced to a fixed palette by a thread of its own. When one cannot be written, it says so and the window stays open.
 */
final class Pictures implements AutoCloseable {
    private static final long FRAME_NANOS = 80_000_000;
    private static final int DELAY_HUNDREDTHS = 8;
    private static final int MOST_WAITING = 16;
    private static final int SHARES = 5; // of a hue on the paper
    private static final int GREYS = 28;
    private static final int COLOURS = Palette.HUES * SHARES + GREYS; // few make the file small
    private static final int BITS = 5; // of a channel, in the table of nearest colours

    private final RealtimeConfig config;
    private final Surface surface;
    private final Consumer<String> say;
    private final Optional<GifWriter> recording;
    private final IndexColorModel colours = colours();
    private final byte[] nearest; // null without a recording
    private final ExecutorService painter = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "recorder");
        thread.setDaemon(true);
        return thread;
    });
    private final Deque<Future<?>> waiting = new ArrayDeque<>(); // frames of the recording
    private long lastNanos = Long.MIN_VALUE / 2;
    private int width; // of the recording; 0 before its first frame
    private int height;
    private Optional<IOException> fault = Optional.empty();
    private boolean recordingFailed;
    private int screenshots;

    private interface Writing {
        void run() throws IOException;
    }

    /**
     * @param say takes a line for the user
     * @throws IOException when the recording cannot be started
     */
    Pictures(RealtimeConfig config, Surface surface, Consumer<String> say) throws IOException {
        this.config = config;
        this.surface = surface;
        this.say = say;
        recording = config.recording().isPresent()
                ? Optional.of(new GifWriter(config.recording().get(), DELAY_HUNDREDTHS, DELAY_HUNDREDTHS)) : Optional.empty();
        nearest = recording.isPresent() ? nearest(colours) : null;
    }

    private BufferedImage frame() { return OpenGl.readPixels(surface.width(), surface.height()); }

    /** Writes the frame into the output folder. */
    void takeScreenshot() {
        try {
            Files.createDirectories(config.folder());
            Path file;
            do {
                file = config.folder().resolve("screenshot_" + screenshots++ + ".png");
            } while (Files.exists(file));
            Png.write(file, frame());
            say.accept(file.toString());
        } catch (IOException e) {
            say.accept(notWritten(e));
        }
    }

    /** Writes the frame as the last one, if that was asked for. */
    void takeLastFrame() { config.screenshot().ifPresent(file -> write(() -> Png.write(file, frame()))); }

    /** Completes the recording. */
    void finish() {
        if (width > 0 && !recordingFailed) {
            write(() -> {
                awaitFrames(0);
                recording.orElseThrow().finish();
            });
        }
    }

    private void write(Writing writing) {
        try {
            writing.run();
        } catch (IOException e) {
            fault = Optional.of(e);
            say.accept(notWritten(e));
        }
    }

    /** Why the recording or the last frame is missing. */
    Optional<IOException> fault() { return fault; }

    static String notWritten(IOException e) {
        return "not written: " + (e instanceof FileSystemException at ? at.getFile() + ": " + FileFault.of(e) : e.getMessage());
    }

    /** Adds the frame to the recording, if there is one and it is time; all frames get the size of the first. */
    void record() {
        long now = System.nanoTime();
        if (recording.isEmpty() || recordingFailed || now - lastNanos < FRAME_NANOS) {
            return;
        }
        int sinceLast = (int) Math.max(2, Math.min(500, Math.round((now - lastNanos) * 1e-7)));
        lastNanos = now;
        BufferedImage picture = frame();
        if (width == 0) {
            double scale = Math.min(1, GifWriter.MAX_SIDE / (double) Math.max(picture.getWidth(), picture.getHeight()));
            width = (int) Math.max(1, Math.round(picture.getWidth() * scale));
            height = (int) Math.max(1, Math.round(picture.getHeight() * scale));
        }
        waiting.add(painter.submit(() -> {
            recording.orElseThrow().add(indexed(picture), sinceLast);
            return null;
        }));
        write(() -> awaitFrames(MOST_WAITING));
    }

    /** Waits until at most so many frames are waiting to be written; a fault ends the recording. */
    private void awaitFrames(int most) throws IOException {
        try {
            while (waiting.size() > most || !waiting.isEmpty() && waiting.peek().isDone()) {
                waiting.remove().get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            recordingFailed = true;
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            recordingFailed = true;
            throw e.getCause() instanceof IOException cause ? cause
                    : new IOException("recording: " + e.getCause().getMessage(), e.getCause());
        }
    }

    private BufferedImage indexed(BufferedImage picture) {
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(picture, 0, 0, width, height, null);
        graphics.dispose();
        BufferedImage indexed = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_INDEXED, colours);
        int[] row = new int[width];
        byte[] indices = new byte[width];
        int drop = 8 - BITS;
        for (int y = 0; y < height; y++) {
            small.getRaster().getDataElements(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                indices[x] = nearest[(row[x] >> 16 + drop & 31) << 2 * BITS | (row[x] >> 8 + drop & 31) << BITS | row[x] >> drop & 31];
            }
            indexed.getRaster().setDataElements(0, y, width, 1, indices);
        }
        return indexed;
    }

    /** The palette's hues in shares on its paper, and greys from the paper to white. */
    private static IndexColorModel colours() {
        int[] rgb = new int[COLOURS];
        for (int i = 0; i < COLOURS; i++) {
            int grey = i - Palette.HUES * SHARES;
            double even = grey < 0 ? (i % SHARES + 1.0) / SHARES : grey / (GREYS - 1.0);
            rgb[i] = Palette.blend(Palette.PAPER, grey < 0 ? Palette.hueColour(i / SHARES) : 0xFFFFFF, even * even);
        }
        return new IndexColorModel(8, COLOURS, rgb, 0, false, -1, DataBuffer.TYPE_BYTE);
    }

    /** The index of the colour nearest to each, [red][green][blue] of 5 bits; the channels are weighted roughly as eyes do. */
    private static byte[] nearest(IndexColorModel colours) {
        byte[] nearest = new byte[1 << 3 * BITS];
        for (int cell = 0; cell < nearest.length; cell++) {
            int least = Integer.MAX_VALUE;
            for (int i = 0; i < COLOURS; i++) {
                int dRed = (cell >> 2 * BITS) * 255 / 31 - colours.getRed(i);
                int dGreen = (cell >> BITS & 31) * 255 / 31 - colours.getGreen(i);
                int dBlue = (cell & 31) * 255 / 31 - colours.getBlue(i);
                int distance = 2 * dRed * dRed + 4 * dGreen * dGreen + 3 * dBlue * dBlue;
                if (distance < least) {
                    least = distance;
                    nearest[cell] = (byte) i;
                }
            }
        }
        return nearest;
    }

    @Override
    public void close() {
        painter.shutdownNow();
        recording.ifPresent(GifWriter::close);
    }
}
