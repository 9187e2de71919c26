package iadb.file;

import java.awt.image.BufferedImage;
import java.io.IOException;

/** Writes an animation frame by frame; memory holds one at a time. Not thread-safe. */
public interface FrameWriter extends AutoCloseable {
    /** The unit of time, the tick, of this animation: so many are a second. */
    int ticksPerSecond();

    /**
     * Adds a frame, as large as the first, which must not change until the next call.
     *
     * @param previousTicks how long the frame before it is shown; ignored for the first frame
     */
    void add(BufferedImage frame, int previousTicks) throws IOException;

    /**
     * Writes the last frame and completes the animation.
     *
     * @throws IllegalArgumentException if no frame was added
     */
    void finish() throws IOException;

    /** Ends; an animation in one file that is not finished is discarded. */
    @Override
    void close();
}
