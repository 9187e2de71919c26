package iadb.view.surface;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.lwjgl.opengl.GL;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.MemoryUtil;

/** OpenGL's functions for the current context, and operations that several classes need. */
public final class OpenGl {
    private OpenGl() { }

    /**
     * Loads the functions for this thread.
     *
     * @param egl whether EGL created the context, in which case libGL may be missing. The first call in the process decides; on
     *            Linux, the only system with both kinds of context, the functions of either kind work for both.
     * @return the reason why this OpenGL cannot be used; empty if it can
     */
    static Optional<String> load(boolean egl) {
        if (egl && Configuration.OPENGL_CONTEXT_API.get() == null) {
            Configuration.OPENGL_CONTEXT_API.set("EGL");
        }
        try {
            return GL.createCapabilities(true).OpenGL33 ? Optional.empty() : Optional.of("OpenGL 3.3 is needed, and "
                    + glGetString(GL_RENDERER) + " has " + glGetString(GL_VERSION));
        } catch (LinkageError | IllegalStateException e) {
            return Optional.of("OpenGL's library cannot be loaded: " + e.getMessage());
        }
    }

    /** Call this before the context is destroyed. */
    static void unload() { GL.setCapabilities(null); }

    /** Vendor, renderer and version. */
    public static List<String> identity() {
        return List.of(glGetString(GL_VENDOR), glGetString(GL_RENDERER), glGetString(GL_VERSION));
    }

    /**
     * Throws when a call since the last check failed.
     *
     * @param call what the calls did, for the message
     * @throws DeviceLimitException  when OpenGL is out of memory
     * @throws IllegalStateException for any other error
     */
    public static void check(String call) {
        int error = glGetError();
        if (error == GL_OUT_OF_MEMORY) {
            throw new DeviceLimitException(call + " failed: OpenGL is out of memory", Limit.MEMORY);
        }
        if (error != GL_NO_ERROR) {
            throw new IllegalStateException(call + " failed with OpenGL error 0x" + Integer.toHexString(error));
        }
    }

    /**
     * Creates a buffer with undefined content, for data that changes in each frame.
     *
     * @throws DeviceLimitException when OpenGL is out of memory
     */
    public static int createBuffer(long bytes) {
        int buffer = glGenBuffers();
        try {
            glBindBuffer(GL_ARRAY_BUFFER, buffer);
            glBufferData(GL_ARRAY_BUFFER, bytes, GL_DYNAMIC_DRAW);
            glBindBuffer(GL_ARRAY_BUFFER, 0);
            check("creating a buffer of " + bytes + " bytes");
            return buffer;
        } catch (RuntimeException e) {
            glDeleteBuffers(buffer);
            throw e;
        }
    }

    /** Reads the bound framebuffer as RGB. */
    public static BufferedImage readPixels(int width, int height) {
        ByteBuffer pixels = MemoryUtil.memAlloc(4 * width * height);
        try {
            glPixelStorei(GL_PACK_ALIGNMENT, 4);
            glReadPixels(0, 0, width, height, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, pixels); // ints 0xAARRGGBB
            BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            int[] row = new int[width];
            for (int y = 0; y < height; y++) {
                pixels.asIntBuffer().get((height - 1 - y) * width, row); // OpenGL's first row is at the bottom
                picture.getRaster().setDataElements(0, y, width, 1, row);
            }
            return picture;
        } finally {
            MemoryUtil.memFree(pixels);
        }
    }
}
