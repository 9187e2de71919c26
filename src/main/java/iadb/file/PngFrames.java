package iadb.file;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Writes an animation as a folder of pictures {@code frame_000000.png}, {@code frame_000001.png} … at a constant rate: a frame
 * that is shown for several ticks is written several times.
 */
public final class PngFrames implements FrameWriter {
    /** The names of the pictures, for a format string. */
    public static final String NAMES = "frame_%06d.png";

    private final Path folder;
    private final int rate;
    private byte[] held; // the latest frame as PNG, written when the next frame arrives
    private int count;

    /**
     * Creates the folder if it is missing, and tries whether it can be written.
     *
     * @param rate frames, which are also ticks, a second
     * @throws IOException if it cannot be written
     */
    public PngFrames(Path folder, int rate) throws IOException {
        this.folder = folder;
        this.rate = rate;
        Files.createDirectories(folder);
        AtomicFile.open(file(0)).close();
    }

    private Path file(int number) { return folder.resolve(String.format(Locale.ROOT, NAMES, number)); }

    @Override
    public int ticksPerSecond() { return rate; }

    @Override
    public void add(BufferedImage frame, int previousTicks) throws IOException {
        if (held != null) {
            writeHeld(previousTicks);
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        Png.write(png, frame);
        held = png.toByteArray();
    }

    private void writeHeld(int ticks) throws IOException {
        for (int tick = 0; tick < ticks; tick++) {
            AtomicFile.write(file(count), out -> out.write(held));
            count++;
        }
    }

    /** Writes the last frame once, and deletes the further pictures of an earlier, longer animation. */
    @Override
    public void finish() throws IOException {
        if (held == null) {
            throw new IllegalArgumentException("an animation has at least one frame");
        }
        writeHeld(1);
        int number = count;
        while (Files.deleteIfExists(file(number))) {
            number++;
        }
    }

    /** Does nothing: the pictures so far are kept. */
    @Override
    public void close() { }
}
