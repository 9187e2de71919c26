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
 * Writes a looping GIF animation; it replaces the target at {@link #finish}. Frames are indexed pictures that keep their palette,
 * so nothing is quantised; memory holds one at a time. Not thread-safe.
 */
public final class GifWriter implements FrameWriter {
    /** The longest side of a frame, in pixels. */
    public static final int MAX_SIDE = 640;

    /** A tick is a hundredth of a second. */
    public static final int TICKS_PER_SECOND = 100;

    private static final String FORMAT = "javax_imageio_gif_image_1.0";
    private static final byte[] LOOP_FOREVER = {1, 0, 0};

    private final AtomicFile file;
    private final MemoryCacheImageOutputStream stream;
    private final ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    private final int lastDelayHundredths;
    private BufferedImage held; // the latest frame, written when the next frame arrives
    private boolean started;

    /**
     * Opens an animation.
     *
     * @param lastDelayHundredths how long the last frame is shown, 0 to 65535 hundredths of a second
     */
    public GifWriter(Path target, int lastDelayHundredths) throws IOException {
        this.lastDelayHundredths = lastDelayHundredths;
        file = AtomicFile.open(target);
        stream = new MemoryCacheImageOutputStream(file.stream());
    }

    @Override
    public int ticksPerSecond() { return TICKS_PER_SECOND; }

    /**
     * {@inheritDoc}
     *
     * @param frame         an indexed picture of at most {@value #MAX_SIDE} pixels per side, as large as the first one
     * @param previousTicks 0 to 65535
     * @throws IllegalArgumentException if the frame is of another kind or size
     */
    @Override
    public void add(BufferedImage frame, int previousTicks) throws IOException {
        int width = frame.getWidth();
        int height = frame.getHeight();
        if (!(frame.getColorModel() instanceof IndexColorModel) || Math.max(width, height) > MAX_SIDE
                || held != null && (width != held.getWidth() || height != held.getHeight())) {
            throw new IllegalArgumentException(("a frame of %s x %s pixels, %s: not an indexed picture of at most %s pixels per side,"
                    + " as large as the first").formatted(width, height, frame.getColorModel(), MAX_SIDE));
        }
        if (held != null) {
            writeHeld(previousTicks);
        }
        held = frame;
    }

    @Override
    public void finish() throws IOException {
        if (held == null) {
            throw new IllegalArgumentException("a GIF has at least one frame");
        }
        writeHeld(lastDelayHundredths);
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
        IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(FORMAT);
        IIOMetadataNode control = (IIOMetadataNode) root.getElementsByTagName("GraphicControlExtension").item(0);
        control.setAttribute("delayTime", Integer.toString(hundredths));
        if (!started) {
            IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
            loop.setAttribute("applicationID", "NETSCAPE");
            loop.setAttribute("authenticationCode", "2.0");
            loop.setUserObject(LOOP_FOREVER.clone());
            IIOMetadataNode extensions = new IIOMetadataNode("ApplicationExtensions");
            extensions.appendChild(loop);
            root.appendChild(extensions);
        }
        metadata.setFromTree(FORMAT, root);
        return metadata;
    }
}
