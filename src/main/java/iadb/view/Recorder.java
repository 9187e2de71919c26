package iadb.view;

import iadb.file.GifWriter;
import iadb.plot.Palette;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Keeps what is shown as a looping GIF: some frames a second, made small and reduced to a fixed palette beside the show. */
final class Recorder implements AutoCloseable {
    private static final long FRAME_NANOS = 80_000_000;
    private static final int DELAY_HUNDREDTHS = 8;
    private static final int MOST_WAITING = 16;
    private static final int SHARES = 5; // of a hue on the paper
    private static final int GREYS = 28;
    private static final int COLOURS = Palette.HUES * SHARES + GREYS; // few make the file small
    private static final int BITS = 5; // of a channel, in the table of nearest colours

    private final GifWriter gif;
    private final IndexColorModel colours = colours();
    private final byte[] nearest = nearest(colours);
    private final ExecutorService painter = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "recorder");
        thread.setDaemon(true);
        return thread;
    });
    private final Deque<Future<?>> waiting = new ArrayDeque<>();
    private long lastNanos = Long.MIN_VALUE / 2;
    private int frameWidth;
    private int frameHeight;
    private boolean failed;

    Recorder(Path target) throws IOException {
        gif = new GifWriter(target, DELAY_HUNDREDTHS, DELAY_HUNDREDTHS);
    }

    /** Whether it is time for another frame. */
    boolean wantsFrame() {
        return !failed && System.nanoTime() - lastNanos >= FRAME_NANOS;
    }

    /**
     * Takes a frame; all become the size of the first.
     *
     * @throws IOException when one cannot be written: no further one is wanted then, and no file appears
     */
    void add(BufferedImage picture) throws IOException {
        long now = System.nanoTime();
        int sinceLast = (int) Math.max(2, Math.min(500, Math.round((now - lastNanos) * 1e-7)));
        lastNanos = now;
        if (frameWidth == 0) {
            double scale = Math.min(1, GifWriter.MAX_SIDE / (double) Math.max(picture.getWidth(), picture.getHeight()));
            frameWidth = (int) Math.max(1, Math.round(picture.getWidth() * scale));
            frameHeight = (int) Math.max(1, Math.round(picture.getHeight() * scale));
        }
        waiting.add(painter.submit(() -> {
            gif.add(indexed(picture), sinceLast);
            return null;
        }));
        while (waiting.size() > MOST_WAITING || !waiting.isEmpty() && waiting.peek().isDone()) {
            await(waiting.remove());
        }
    }

    private BufferedImage indexed(BufferedImage picture) {
        BufferedImage small = new BufferedImage(frameWidth, frameHeight, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(picture, 0, 0, frameWidth, frameHeight, null);
        graphics.dispose();
        BufferedImage indexed = new BufferedImage(frameWidth, frameHeight, BufferedImage.TYPE_BYTE_INDEXED, colours);
        int[] row = new int[frameWidth];
        byte[] indices = new byte[frameWidth];
        for (int y = 0; y < frameHeight; y++) {
            small.getRaster().getDataElements(0, y, frameWidth, 1, row);
            for (int x = 0; x < frameWidth; x++) {
                indices[x] = nearest[cell(row[x])];
            }
            indexed.getRaster().setDataElements(0, y, frameWidth, 1, indices);
        }
        return indexed;
    }

    private static int cell(int rgb) {
        int drop = 8 - BITS;
        return (rgb >> 16 + drop & 31) << 2 * BITS | (rgb >> 8 + drop & 31) << BITS | rgb >> drop & 31;
    }

    /** The palette's hues in shares on its paper, and greys from the paper to white. */
    private static IndexColorModel colours() {
        int[] rgb = new int[COLOURS];
        int count = 0;
        for (int hue = 0; hue < Palette.HUES; hue++) {
            for (int share = 1; share <= SHARES; share++) {
                double even = share / (double) SHARES;
                rgb[count++] = Palette.blend(Palette.PAPER, Palette.hueColour(hue), even * even);
            }
        }
        for (int grey = 0; grey < GREYS; grey++) {
            double even = grey / (GREYS - 1.0);
            rgb[count++] = Palette.blend(Palette.PAPER, 0xFFFFFF, even * even);
        }
        return new IndexColorModel(8, COLOURS, rgb, 0, false, -1, DataBuffer.TYPE_BYTE);
    }

    private static byte[] nearest(IndexColorModel colours) {
        byte[] nearest = new byte[1 << 3 * BITS];
        for (int cell = 0; cell < nearest.length; cell++) {
            int red = (cell >> 2 * BITS) * 255 / 31;
            int green = (cell >> BITS & 31) * 255 / 31;
            int blue = (cell & 31) * 255 / 31;
            int best = Integer.MAX_VALUE;
            for (int i = 0; i < COLOURS; i++) {
                int dRed = red - colours.getRed(i);
                int dGreen = green - colours.getGreen(i);
                int dBlue = blue - colours.getBlue(i);
                int distance = 2 * dRed * dRed + 4 * dGreen * dGreen + 3 * dBlue * dBlue; // as eyes weigh them, roughly
                if (distance < best) {
                    best = distance;
                    nearest[cell] = (byte) i;
                }
            }
        }
        return nearest;
    }

    /** Waits for all frames and puts the file in its place. */
    void finish() throws IOException {
        if (frameWidth == 0 || failed) {
            return;
        }
        while (!waiting.isEmpty()) {
            await(waiting.remove());
        }
        gif.finish();
    }

    private void await(Future<?> frame) throws IOException {
        boolean written = false;
        try {
            frame.get();
            written = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException fault ? fault
                    : new IOException("recording: " + e.getCause().getMessage(), e.getCause());
        } finally {
            failed |= !written;
        }
    }

    @Override
    public void close() {
        painter.shutdownNow();
        gif.close();
    }
}
