package iadb.file;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Looping animations as GIF. The frames are indexed pictures and keep their palette, so nothing is quantised, and
 * they are written as they come, so memory holds one of them however long the animation is.
 */
public final class Gif {
    /** The longest side of a frame, in pixels. */
    public static final int MAX_SIDE = 640;

    private static final String FORMAT = "javax_imageio_gif_image_1.0";
    private static final byte[] LOOP_FOREVER = {1, 0, 0};

    private Gif() {
    }

    /**
     * Writes an animation whose frames are made on demand or lie in a list.
     *
     * @param delayHundredths     how long a frame shows, in hundredths of a second
     * @param lastDelayHundredths how long the last one shows before the loop starts again
     * @throws IllegalArgumentException as {@link Writer#add} does, or if there is no frame
     */
    public static void write(Path target, Iterable<BufferedImage> frames, int delayHundredths,
            int lastDelayHundredths) throws IOException {
        try (Writer writer = open(target, delayHundredths, lastDelayHundredths)) {
            for (BufferedImage frame : frames) {
                writer.add(frame);
            }
            writer.finish();
        }
    }

    /** Starts an animation that is given frame by frame; it replaces the target at {@link Writer#finish}. */
    public static Writer open(Path target, int delayHundredths, int lastDelayHundredths) throws IOException {
        if (delayHundredths < 0 || lastDelayHundredths < 0 || Math.max(delayHundredths, lastDelayHundredths) > 65535) {
            throw new IllegalArgumentException("a GIF's delays are 0 to 65535 hundredths of a second");
        }
        return new Writer(AtomicFile.open(target), delayHundredths, lastDelayHundredths);
    }

    /** An animation being written, by one thread at a time. It owns its file; close drops what is not finished. */
    public static final class Writer implements AutoCloseable {
        private final AtomicFile file;
        private final MemoryCacheImageOutputStream stream;
        private final ImageWriter writer;
        private final int delayHundredths;
        private final int lastDelayHundredths;
        /** The latest frame: written when the next one shows that it is not the last. */
        private BufferedImage held;
        private boolean started;

        private Writer(AtomicFile file, int delayHundredths, int lastDelayHundredths) {
            this.file = file;
            this.delayHundredths = delayHundredths;
            this.lastDelayHundredths = lastDelayHundredths;
            this.stream = new MemoryCacheImageOutputStream(file.stream());
            this.writer = ImageIO.getImageWritersByFormatName("gif").next();
        }

        /**
         * Adds a frame, which must not be changed until the next call.
         *
         * @param frame an indexed picture of at most 640 × 640 pixels, of the first one's size
         * @throws IllegalArgumentException if it is not
         */
        public void add(BufferedImage frame) throws IOException {
            add(frame, delayHundredths);
        }

        /** As above; the frame before it shows for {@code heldHundredths} instead of the animation's delay. */
        public void add(BufferedImage frame, int heldHundredths) throws IOException {
            if (!(frame.getColorModel() instanceof IndexColorModel)) {
                throw new IllegalArgumentException("a GIF's frames are indexed pictures");
            }
            if (Math.max(frame.getWidth(), frame.getHeight()) > MAX_SIDE) {
                throw new IllegalArgumentException("a GIF's frames are " + MAX_SIDE + " pixels a side at most, not "
                        + frame.getWidth() + " x " + frame.getHeight());
            }
            if (held != null) {
                if (frame.getWidth() != held.getWidth() || frame.getHeight() != held.getHeight()) {
                    throw new IllegalArgumentException("a GIF's frames are all of one size");
                }
                writeHeld(heldHundredths);
            }
            held = frame;
        }

        /**
         * Writes the last frame and puts the animation in the target's place.
         *
         * @throws IllegalArgumentException if there is no frame
         */
        public void finish() throws IOException {
            if (held == null) {
                throw new IllegalArgumentException("a GIF has one frame at least");
            }
            writeHeld(lastDelayHundredths);
            held = null;
            writer.endWriteSequence();
            stream.close();
            file.commit();
        }

        @Override
        public void close() {
            writer.dispose();
            file.close();
        }

        private void writeHeld(int hundredths) throws IOException {
            IIOMetadata metadata = frameMetadata(hundredths);
            if (!started) {
                writer.setOutput(stream);
                writer.prepareWriteSequence(null);
            }
            started = true;
            writer.writeToSequence(new IIOImage(held, null, metadata), null);
            stream.flush();
        }

        private IIOMetadata frameMetadata(int hundredths) throws IOException {
            IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(held), null);
            IIOMetadataNode root = new IIOMetadataNode(FORMAT);
            IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
            control.setAttribute("disposalMethod", "none");
            control.setAttribute("userInputFlag", "FALSE");
            control.setAttribute("transparentColorFlag", "FALSE");
            control.setAttribute("delayTime", Integer.toString(hundredths));
            control.setAttribute("transparentColorIndex", "0");
            root.appendChild(control);
            if (!started) {
                IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
                loop.setAttribute("applicationID", "NETSCAPE");
                loop.setAttribute("authenticationCode", "2.0");
                loop.setUserObject(LOOP_FOREVER.clone());
                IIOMetadataNode extensions = new IIOMetadataNode("ApplicationExtensions");
                extensions.appendChild(loop);
                root.appendChild(extensions);
            }
            metadata.mergeTree(FORMAT, root);
            return metadata;
        }
    }
}
