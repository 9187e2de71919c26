package iadb.view.surface;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.DeviceLimitException;
import java.util.Optional;
import org.lwjgl.opengl.GL;
import org.lwjgl.system.Configuration;

/** OpenGL's functions for the context that is current. */
public final class GlFunctions {
    private GlFunctions() {
    }

    /**
     * Finds them, for this thread.
     *
     * @param throughEgl whether the context is EGL's: libGL need not be there then. The first call decides for the
     *                   process; on Linux, where one may have contexts of both kinds, either's functions serve both.
     * @return why this OpenGL is of no use here; empty when it is
     */
    static Optional<String> load(boolean throughEgl) {
        if (throughEgl && Configuration.OPENGL_CONTEXT_API.get() == null) {
            Configuration.OPENGL_CONTEXT_API.set("EGL");
        }
        try {
            return GL.createCapabilities(true).OpenGL33 ? Optional.empty() : Optional.of("OpenGL 3.3 is needed, and "
                    + glGetString(GL_RENDERER) + " has " + glGetString(GL_VERSION));
        } catch (LinkageError | IllegalStateException e) {
            return Optional.of("OpenGL's library cannot be loaded: " + e.getMessage());
        }
    }

    /** Forgets them: the context goes away. */
    static void unload() {
        GL.setCapabilities(null);
    }

    /** Who draws: vendor, renderer, version. */
    public static String[] identity() {
        return new String[] {glGetString(GL_VENDOR), glGetString(GL_RENDERER), glGetString(GL_VERSION)};
    }

    /**
     * Throws when a call since the last check failed.
     *
     * @param call what was tried
     * @throws DeviceLimitException  when OpenGL has too little memory
     * @throws IllegalStateException when anything else was wrong
     */
    public static void check(String call) {
        int error = glGetError();
        if (error == GL_OUT_OF_MEMORY) {
            throw new DeviceLimitException(call + " failed: OpenGL is out of memory; take fewer points");
        }
        if (error != GL_NO_ERROR) {
            throw new IllegalStateException(call + " failed with OpenGL error 0x" + Integer.toHexString(error));
        }
    }
}
