package iadb.file;

import java.awt.image.BufferedImage;
import java.io.IOException;

/** Writes an animation frame by frame; memory holds one at a time. Not thread-safe. */
public interface FrameWriter extends AutoCloseable {
    /**
     * Adds a frame, as large as the first, which must not change until the next call.
     *
     * @param ticks for how long the frame before it is shown, in the unit of time of the animation's format
     */
    void add(BufferedImage frame, int ticks) throws IOException;

    /**
     * Writes the last frame and completes the animation.
     *
     * @throws IllegalArgumentException if there is no frame
     */
    void finish() throws IOException;

    /** Ends; an animation in one file that is not finished is discarded. */
    @Override
    void close();
}
