package iadb.file;

import iadb.fault.InvalidInputException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;

/**
 * Writes an animation as a folder of pictures {@code frame_000000.png}, {@code frame_000001.png} … at a constant rate: a frame
 * that is shown for several ticks is written several times. No picture of another animation is replaced.
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
     * @throws InvalidInputException if the folder holds pictures with such names
     * @throws IOException           if it cannot be written
     */
    public PngFrames(Path folder, int rate) throws IOException {
        this.folder = folder;
        this.rate = rate;
        requireNone(folder);
        Files.createDirectories(folder);
        AtomicFile.open(file(0)).close();
    }

    /** Throws an {@link InvalidInputException} if the folder holds pictures of an animation; it need not exist. */
    public static void requireNone(Path folder) {
        Optional<Path> found = anyIn(folder);
        if (found.isPresent()) {
            throw new InvalidInputException("%s holds the frames of another recording, such as %s: give a new folder, or delete them"
                    .formatted(folder, found.get().getFileName()));
        }
    }

    /** Any picture of an animation in a folder, which need not exist. */
    public static Optional<Path> anyIn(Path folder) {
        try (DirectoryStream<Path> pictures = Files.newDirectoryStream(folder, "frame_*.png")) {
            Iterator<Path> first = pictures.iterator();
            return first.hasNext() ? Optional.of(first.next()) : Optional.empty();
        } catch (IOException | DirectoryIteratorException e) {
            return Optional.empty(); // it does not exist, or cannot be written either
        }
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

    /** Writes the last frame once. */
    @Override
    public void finish() throws IOException {
        if (held == null) {
            throw new IllegalArgumentException("an animation has at least one frame");
        }
        writeHeld(1);
    }

    /** Does nothing: the pictures so far are kept. */
    @Override
    public void close() { }
}
