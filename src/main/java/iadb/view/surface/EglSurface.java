package iadb.view.surface;

import static org.lwjgl.egl.EGL10.*;
import static org.lwjgl.egl.EGL12.eglBindAPI;
import static org.lwjgl.egl.EGL13.EGL_RENDERABLE_TYPE;
import static org.lwjgl.egl.EGL14.EGL_OPENGL_API;
import static org.lwjgl.egl.EGL14.EGL_OPENGL_BIT;
import static org.lwjgl.egl.EGL15.EGL_CONTEXT_MAJOR_VERSION;
import static org.lwjgl.egl.EGL15.EGL_CONTEXT_MINOR_VERSION;
import static org.lwjgl.egl.EGL15.EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT;
import static org.lwjgl.egl.EGL15.EGL_CONTEXT_OPENGL_PROFILE_MASK;
import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.NativeLibraries;
import java.util.Optional;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A framebuffer object in an OpenGL context of EGL's, without a display, a window or an EGL surface. */
public final class EglSurface implements Surface {
    private static final Logger LOG = LoggerFactory.getLogger(EglSurface.class);

    private final long display;
    private final long context;
    private final int width;
    private final int height;
    private final int framebuffer;
    private final int colours;

    private EglSurface(long display, long context, int width, int height) {
        this.display = display;
        this.context = context;
        this.width = width;
        this.height = height;
        framebuffer = glGenFramebuffers();
        colours = glGenRenderbuffers();
        glBindRenderbuffer(GL_RENDERBUFFER, colours);
        glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width, height);
        glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colours);
        if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
            end(display, context);
            throw NoDisplayException.ofOffscreen("no framebuffer of " + width + " x " + height, null);
        }
    }

    /**
     * Opens it on the first EGL display that has OpenGL 3.3: one of the GPUs', else one of software.
     *
     * @throws NoDisplayException when there is none
     */
    public static EglSurface open(int width, int height) {
        NativeLibraries.loadForWindow();
        String fault = "EGL has no display";
        try {
            for (long display : EglDisplays.toTry()) {
                long context = context(display);
                if (context == EGL_NO_CONTEXT) {
                    fault = "EGL makes no context of OpenGL 3.3";
                    continue;
                }
                Optional<String> missing = GlFunctions.load(true);
                if (missing.isEmpty()) {
                    LOG.debug("off screen: {}", String.join(", ", GlFunctions.identity()));
                    return new EglSurface(display, context, width, height);
                }
                fault = missing.get();
                end(display, context);
            }
        } catch (LinkageError e) {
            throw NoDisplayException.ofOffscreen("EGL cannot be loaded: " + e.getMessage(), e);
        }
        throw NoDisplayException.ofOffscreen(fault, null);
    }

    /** A context on this display, current without a surface; EGL_NO_CONTEXT when something refuses. */
    private static long context(long display) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            if (!eglInitialize(display, stack.mallocInt(1), stack.mallocInt(1))) {
                LOG.debug("EGL display {}: not initialised, 0x{}", display, Integer.toHexString(eglGetError()));
                return EGL_NO_CONTEXT;
            }
            PointerBuffer config = stack.callocPointer(1);
            int[] count = new int[1];
            int[] wanted = {EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
            if (eglBindAPI(EGL_OPENGL_API) && eglChooseConfig(display, wanted, config, count) && count[0] > 0) {
                int[] core33 = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 3,
                        EGL_CONTEXT_OPENGL_PROFILE_MASK, EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
                long context = eglCreateContext(display, config.get(0), EGL_NO_CONTEXT, core33);
                if (context != EGL_NO_CONTEXT && eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) {
                    return context;
                }
            }
            LOG.debug("EGL display {}: no context, 0x{}", display, Integer.toHexString(eglGetError()));
            eglTerminate(display); // with all that was made on it
            return EGL_NO_CONTEXT;
        }
    }

    private static void end(long display, long context) {
        GlFunctions.unload();
        eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        eglDestroyContext(display, context);
        eglTerminate(display);
    }

    @Override
    public int framebuffer() {
        return framebuffer;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int height() {
        return height;
    }

    @Override
    public float scale() {
        return 1;
    }

    @Override
    public boolean closing() {
        return false;
    }

    @Override
    public void poll() {
        // nobody is there
    }

    @Override
    public void present() {
        glFinish(); // else frames would queue up without end, and their time would not be theirs
    }

    @Override
    public void setTitle(String title) {
        // nobody sees it
    }

    @Override
    public void setFullscreen(boolean on) {
        // there is no screen
    }

    @Override
    public boolean fullscreen() {
        return false;
    }

    @Override
    public void listen(InputListener listener) {
        // there will be no events
    }

    @Override
    public long[] sharingProperties() {
        return SharingProperties.ofEgl(context, display);
    }

    @Override
    public void close() {
        glDeleteFramebuffers(framebuffer);
        glDeleteRenderbuffers(colours);
        end(display, context);
    }
}
