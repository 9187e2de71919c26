package iadb.view.interop;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.DeviceLimitException;
import iadb.view.surface.GlFunctions;

/** Makes buffers of OpenGL's. */
final class GlBuffer {
    private GlBuffer() {
    }

    /**
     * A new buffer with its storage, content unset, to be drawn from and written anew each frame.
     *
     * @throws DeviceLimitException when OpenGL cannot hold it
     */
    static int create(long bytes) {
        int buffer = glGenBuffers();
        try {
            glBindBuffer(GL_ARRAY_BUFFER, buffer); // its first binding says what it is for
            glBufferData(GL_ARRAY_BUFFER, bytes, GL_DYNAMIC_DRAW);
            glBindBuffer(GL_ARRAY_BUFFER, 0);
            GlFunctions.check("a buffer of " + bytes + " bytes");
            return buffer;
        } catch (RuntimeException e) {
            glDeleteBuffers(buffer);
            throw e;
        }
    }
}
