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
 * Writes pictures of the window: screenshots, the last frame, and a recording as a looping GIF, which another thread scales and
 * reduces to a fixed palette. When a picture cannot be written, the user gets a message and the window stays open.
 */
final class Pictures implements AutoCloseable {
    private static final long FRAME_NANOS = 80_000_000; // the minimum time between recorded frames
    private static final int DELAY_HUNDREDTHS = 8;
    private static final int MAX_WAITING = 16; // recorded frames in memory
    private static final int SHADES = 5;        // per hue
    private static final int GREYS = 28;
    private static final int COLOURS = Palette.HUES * SHADES + GREYS; // a small number keeps the file small
    private static final int BITS = 5; // per channel in the table of nearest colours

    private final RealtimeConfig config;
    private final Surface surface;
    private final Consumer<String> messages;
    private final Optional<GifWriter> recording;
    private final IndexColorModel colours = colours();
    private final byte[] nearest; // null without a recording
    private final ExecutorService recorder = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "recorder");
        thread.setDaemon(true);
        return thread;
    });
    private final Deque<Future<?>> waiting = new ArrayDeque<>(); // frames of the recording that are not yet known to be written
    private long lastNanos = Long.MIN_VALUE / 2;
    private int width; // size of the recording; 0 before its first frame
    private int height;
    private Optional<IOException> fault = Optional.empty();
    private boolean recordingFailed;
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
        recording = config.recording().isPresent()
                ? Optional.of(new GifWriter(config.recording().get(), DELAY_HUNDREDTHS, DELAY_HUNDREDTHS)) : Optional.empty();
        nearest = recording.isPresent() ? nearest(colours) : null;
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

    /** Writes the current frame to the file for the last frame, if there is one. */
    void takeLastFrame() { config.screenshot().ifPresent(file -> write(() -> Png.write(file, frame()))); }

    /** Finishes the recording. */
    void finish() {
        if (width > 0 && !recordingFailed) {
            write(() -> {
                awaitFrames(0);
                recording.orElseThrow().finish();
            });
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

    /** Adds the current frame to the recording when the next is due; all frames are scaled to the size of the first. */
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
        waiting.add(recorder.submit(() -> {
            recording.orElseThrow().add(indexed(picture), sinceLast);
            return null;
        }));
        write(() -> awaitFrames(MAX_WAITING));
    }

    /** Waits until at most {@code max} frames are waiting to be written; a failure ends the recording. */
    private void awaitFrames(int max) throws IOException {
        try {
            while (waiting.size() > max || !waiting.isEmpty() && waiting.peek().isDone()) {
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
                indices[x] = nearest[(row[x] >> 16 + drop & 31) << 2 * BITS | (row[x] >> 8 + drop & 31) << BITS
                        | row[x] >> drop & 31];
            }
            indexed.getRaster().setDataElements(0, y, width, 1, indices);
        }
        return indexed;
    }

    /** Shades of the palette's hues on its paper, and greys from the paper to white. */
    private static IndexColorModel colours() {
        int[] rgb = new int[COLOURS];
        for (int i = 0; i < COLOURS; i++) {
            int grey = i - Palette.HUES * SHADES;
            double even = grey < 0 ? (i % SHADES + 1.0) / SHADES : grey / (GREYS - 1.0);
            rgb[i] = Palette.blend(Palette.PAPER, grey < 0 ? Palette.hueColour(i / SHADES) : 0xFFFFFF, even * even);
        }
        return new IndexColorModel(8, COLOURS, rgb, 0, false, -1, DataBuffer.TYPE_BYTE);
    }

    /** The index of the nearest palette colour for each [red][green][blue] of 5 bits, weighted roughly by visual sensitivity. */
    private static byte[] nearest(IndexColorModel colours) {
        byte[] nearest = new byte[1 << 3 * BITS];
        for (int cell = 0; cell < nearest.length; cell++) {
            int nearestDistance = Integer.MAX_VALUE;
            for (int i = 0; i < COLOURS; i++) {
                int dRed = (cell >> 2 * BITS) * 255 / 31 - colours.getRed(i);
                int dGreen = (cell >> BITS & 31) * 255 / 31 - colours.getGreen(i);
                int dBlue = (cell & 31) * 255 / 31 - colours.getBlue(i);
                int distance = 2 * dRed * dRed + 4 * dGreen * dGreen + 3 * dBlue * dBlue;
                if (distance < nearestDistance) {
                    nearestDistance = distance;
                    nearest[cell] = (byte) i;
                }
            }
        }
        return nearest;
    }

    @Override
    public void close() {
        recorder.shutdownNow();
        recording.ifPresent(GifWriter::close);
    }
}
