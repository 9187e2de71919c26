package iadb.view.surface;

import static org.lwjgl.egl.EGL15.*;
import static org.lwjgl.opengl.GL33C.*;
import static org.lwjgl.system.JNI.callPPI;
import static org.lwjgl.system.JNI.callPPP;
import static org.lwjgl.system.MemoryUtil.NULL;
import static org.lwjgl.system.MemoryUtil.memAddress;

import iadb.cl.NativeLibraries;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lwjgl.PointerBuffer;
import org.lwjgl.egl.EGL;
import org.lwjgl.system.MemoryStack;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A framebuffer object in an EGL context, without a display, a window or an EGL surface. Extension functions are called by
 * address, since LWJGL's wrappers reject native display 0 and cannot call extensions before a display is open.
 */
public final class EglSurface implements Surface {
    private static final Logger LOG = LoggerFactory.getLogger(EglSurface.class);
    private static final int EGL_PLATFORM_DEVICE_EXT = 0x313F;
    private static final int EGL_PLATFORM_SURFACELESS_MESA = 0x31DD;
    private static final long CL_EGL_DISPLAY_KHR = 0x2009; // cl_gl.h
    private static final int MAX_DEVICES = 32;

    private final long display;
    private final long context;
    private final int width;
    private final int height;
    private final int framebuffer;
    private final int colourBuffer;

    private EglSurface(long display, long context, int width, int height) {
        this.display = display;
        this.context = context;
        this.width = width;
        this.height = height;
        framebuffer = glGenFramebuffers();
        colourBuffer = glGenRenderbuffers();
        glBindRenderbuffer(GL_RENDERBUFFER, colourBuffer);
        glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width, height);
        glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colourBuffer);
        if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
            end(display, context);
            throw NoDisplayException.ofOffscreen("cannot create a framebuffer of " + width + " x " + height, null);
        }
    }

    /**
     * Opens a surface on the first EGL display with OpenGL 3.3; GPUs are tried before software.
     *
     * @throws NoDisplayException when there is none
     */
    public static EglSurface open(int width, int height) {
        NativeLibraries.loadForWindow();
        String fault = "EGL has no display";
        try {
            for (long display : displays()) {
                long context = context(display);
                if (context == EGL_NO_CONTEXT) {
                    fault = "EGL creates no OpenGL 3.3 context";
                    continue;
                }
                Optional<String> missing = OpenGl.load(true);
                if (missing.isEmpty()) {
                    LOG.debug("drawing off screen: {}", String.join(", ", OpenGl.identity()));
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

    /** The displays that need no window system, not initialised, in the order in which to try them. */
    private static List<Long> displays() {
        List<Long> displays = new ArrayList<>();
        String names = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS); // null before EGL 1.5
        List<String> extensions = names == null ? List.of() : List.of(names.split(" +"));
        if (extensions.contains("EGL_EXT_platform_device") || extensions.contains("EGL_EXT_platform_base")) {
            devices().forEach(device -> displays.add(platformDisplay(EGL_PLATFORM_DEVICE_EXT, device)));
        }
        if (extensions.contains("EGL_MESA_platform_surfaceless")) {
            displays.add(platformDisplay(EGL_PLATFORM_SURFACELESS_MESA, NULL));
        }
        displays.add(eglGetDisplay(NULL)); // EGL_DEFAULT_DISPLAY
        displays.removeIf(display -> display == EGL_NO_DISPLAY);
        return displays;
    }

    private static List<Long> devices() {
        List<Long> devices = new ArrayList<>();
        long query = function("eglQueryDevicesEXT");
        try (MemoryStack stack = MemoryStack.stackPush()) {
            PointerBuffer found = stack.mallocPointer(MAX_DEVICES);
            IntBuffer count = stack.callocInt(1);
            if (query != NULL && callPPI(MAX_DEVICES, memAddress(found), memAddress(count), query) != 0) {
                for (int i = 0; i < count.get(0); i++) {
                    devices.add(found.get(i));
                }
            }
        }
        return devices;
    }

    private static long platformDisplay(int platform, long nativeDisplay) {
        long function = function("eglGetPlatformDisplayEXT");
        return function == NULL ? EGL_NO_DISPLAY : callPPP(platform, nativeDisplay, NULL, function);
    }

    private static long function(String name) { return EGL.getFunctionProvider().getFunctionAddress(name); }

    /** Creates a context and makes it current without a surface; EGL_NO_CONTEXT on failure. */
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
            eglTerminate(display);
            return EGL_NO_CONTEXT;
        }
    }

    private static void end(long display, long context) {
        OpenGl.unload();
        eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        eglDestroyContext(display, context);
        eglTerminate(display);
    }

    static long[] sharingProperties(long context, long display) {
        return new long[] {GlfwSurface.CL_GL_CONTEXT_KHR, context, CL_EGL_DISPLAY_KHR, display};
    }

    @Override public int framebuffer() { return framebuffer; }

    @Override public int width() { return width; }

    @Override public int height() { return height; }

    @Override public void present() { glFinish(); } // otherwise frames queue up and the measured frame times are wrong

    @Override public long[] sharingProperties() { return sharingProperties(context, display); }

    @Override
    public void close() {
        glDeleteFramebuffers(framebuffer);
        glDeleteRenderbuffers(colourBuffer);
        end(display, context);
    }
}
