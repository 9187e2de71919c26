package iadb.view.surface;

import static org.lwjgl.glfw.GLFW.*;
import static org.lwjgl.system.MemoryUtil.NULL;

import iadb.cl.NativeLibraries;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.lwjgl.PointerBuffer;
import org.lwjgl.glfw.Callbacks;
import org.lwjgl.glfw.GLFWDropCallback;
import org.lwjgl.glfw.GLFWErrorCallback;
import org.lwjgl.glfw.GLFWNativeEGL;
import org.lwjgl.glfw.GLFWNativeGLX;
import org.lwjgl.glfw.GLFWNativeWGL;
import org.lwjgl.glfw.GLFWNativeX11;
import org.lwjgl.glfw.GLFWVidMode;
import org.lwjgl.opengl.CGL;
import org.lwjgl.opengl.WGL;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A GLFW window. Tested only on X11 with GLX. On macOS it must be opened on the first thread of the process, for which the
 * command line starts the program again; this is not tested.
 */
public final class GlfwSurface implements Surface {
    private static final Logger LOG = LoggerFactory.getLogger(GlfwSurface.class);

    // from cl_gl.h; the last from Apple's cl_gl_ext.h
    static final long CL_GL_CONTEXT_KHR = 0x2008;
    private static final long CL_GLX_DISPLAY_KHR = 0x200A;
    private static final long CL_WGL_HDC_KHR = 0x200B;
    private static final long CL_CONTEXT_PROPERTY_USE_CGL_SHAREGROUP_APPLE = 0x10000000;

    private final long window;
    private final boolean vsync;
    private final List<Consumer<InputListener>> events = new ArrayList<>(); // events since the last poll
    private int width = 1;
    private int height = 1;
    private Rectangle restored; // the window's rectangle before it filled the screen

    /** Not java.awt's, which would load AWT on the first thread of macOS. */
    private record Rectangle(int x, int y, int width, int height) {
        /** The area that both cover. */
        long overlap(Rectangle other) {
            long w = Math.min(x + width, other.x + other.width) - Math.max(x, other.x);
            long h = Math.min(y + height, other.y + other.height) - Math.max(y, other.y);
            return Math.max(0, w) * Math.max(0, h);
        }
    }

    private GlfwSurface(String title, int width, int height, boolean vsync, boolean visible) {
        this.vsync = vsync;
        glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
        glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
        glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
        glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
        glfwWindowHint(GLFW_DEPTH_BITS, 0);
        glfwWindowHint(GLFW_STENCIL_BITS, 0);
        glfwWindowHint(GLFW_VISIBLE, visible ? GLFW_TRUE : GLFW_FALSE);
        window = glfwCreateWindow(width, height, title, NULL, NULL);
        if (window == NULL) {
            throw NoDisplayException.ofWindow("OpenGL 3.3 is needed: " + lastError().orElse("GLFW creates no window"), null);
        }
        glfwMakeContextCurrent(window);
        OpenGl.load(usesEgl()).ifPresent(fault -> {
            glfwDestroyWindow(window);
            throw NoDisplayException.ofWindow(fault, null);
        });
        glfwSwapInterval(vsync ? 1 : 0);
        int[] w = new int[1];
        int[] h = new int[1];
        glfwGetFramebufferSize(window, w, h);
        resize(w[0], h[0]);
        collectEvents();
    }

    /**
     * Opens a window.
     *
     * @param width  in desktop units
     * @param height in desktop units
     * @throws NoDisplayException when there is no display or no OpenGL 3.3
     */
    public static GlfwSurface open(String title, int width, int height, boolean vsync) {
        return open(title, width, height, vsync, true);
    }

    /** Opens a hidden window for its OpenGL context. */
    public static GlfwSurface openHidden() { return open("iadb-cl", 64, 64, false, false); }

    private static GlfwSurface open(String title, int width, int height, boolean vsync, boolean visible) {
        NativeLibraries.loadForWindow();
        try {
            if (Platform.get() == Platform.LINUX && System.getenv("XDG_RUNTIME_DIR") == null) {
                glfwInitHint(GLFW_PLATFORM, GLFW_PLATFORM_X11); // Wayland's library would print an error
            }
            glfwSetErrorCallback(GLFWErrorCallback.create((code, text) ->
                    LOG.debug("GLFW: 0x{}, {}", Integer.toHexString(code), GLFWErrorCallback.getDescription(text))));
            if (!glfwInit()) {
                throw NoDisplayException.ofWindow(lastError().orElse("GLFW does not start"), null);
            }
            return new GlfwSurface(title, width, height, vsync, visible);
        } catch (LinkageError e) {
            throw NoDisplayException.ofWindow("GLFW cannot be loaded: " + e.getMessage(), e);
        } catch (NoDisplayException e) {
            end();
            throw e;
        }
    }

    private static void end() {
        glfwTerminate();
        GLFWErrorCallback callback = glfwSetErrorCallback(null);
        if (callback != null) {
            callback.free();
        }
    }

    private static Optional<String> lastError() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            PointerBuffer text = stack.callocPointer(1);
            glfwGetError(text);
            return text.get(0) == NULL ? Optional.empty() : Optional.of(text.getStringUTF8(0));
        }
    }

    /** Queues events until {@link #poll}, since an exception of the listener must not pass through GLFW's C code. */
    private void collectEvents() {
        glfwSetFramebufferSizeCallback(window, (w, newWidth, newHeight) -> resize(newWidth, newHeight));
        glfwSetKeyCallback(window, (w, key, scancode, action, modifiers) ->
                events.add(l -> l.key(key, action != GLFW_RELEASE, action == GLFW_REPEAT, modifiers)));
        glfwSetCharCallback(window, (w, codePoint) -> events.add(l -> l.character(codePoint)));
        glfwSetCursorPosCallback(window, (w, x, y) -> {
            double pixelsPerUnit = pixelsPerUnit();
            events.add(l -> l.pointer(x * pixelsPerUnit, y * pixelsPerUnit));
        });
        glfwSetMouseButtonCallback(window, (w, button, action, modifiers) ->
                events.add(l -> l.button(button, action != GLFW_RELEASE, modifiers)));
        glfwSetScrollCallback(window, (w, x, y) -> events.add(l -> l.wheel(y)));
        glfwSetDropCallback(window, (w, count, names) -> {
            List<Path> files = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String name = GLFWDropCallback.getName(names, i);
                try {
                    files.add(Path.of(name));
                } catch (InvalidPathException e) {
                    LOG.debug("dropped item is not a path: {}", name);
                }
            }
            events.add(l -> l.dropped(files));
        });
    }

    private void resize(int newWidth, int newHeight) {
        width = Math.max(1, newWidth); // 0 while minimised
        height = Math.max(1, newHeight);
    }

    /** GLFW reports the pointer in desktop units, which differ from pixels on macOS and Wayland. */
    private double pixelsPerUnit() {
        int[] w = new int[1];
        glfwGetWindowSize(window, w, new int[1]);
        return w[0] == 0 ? 1 : (double) width / w[0];
    }

    private boolean usesEgl() {
        return glfwGetWindowAttrib(window, GLFW_CONTEXT_CREATION_API) == GLFW_EGL_CONTEXT_API;
    }

    @Override public int framebuffer() { return 0; }

    @Override public int width() { return width; }

    @Override public int height() { return height; }

    @Override
    public float scale() {
        float[] x = new float[1];
        glfwGetWindowContentScale(window, x, new float[1]);
        return Math.max(1, x[0]);
    }

    @Override public boolean closing() { return glfwWindowShouldClose(window); }

    @Override
    public void poll(InputListener listener) {
        glfwPollEvents();
        List<Consumer<InputListener>> now = List.copyOf(events);
        events.clear();
        now.forEach(event -> event.accept(listener));
    }

    @Override public void present() { glfwSwapBuffers(window); }

    @Override
    public void toggleFullscreen() {
        if (glfwGetWindowMonitor(window) == NULL) {
            restored = rectangle();
            long monitor = monitor(restored);
            GLFWVidMode mode = monitor == NULL ? null : glfwGetVideoMode(monitor);
            if (mode != null) {
                glfwSetWindowMonitor(window, monitor, 0, 0, mode.width(), mode.height(), mode.refreshRate());
            }
        } else {
            glfwSetWindowMonitor(window, NULL, restored.x(), restored.y(), restored.width(), restored.height(), GLFW_DONT_CARE);
        }
        glfwSwapInterval(vsync ? 1 : 0); // some drivers reset it
    }

    /** Tested only with GLX, not with EGL (Wayland), WGL (Windows) or CGL (macOS). */
    @Override
    public long[] sharingProperties() {
        if (usesEgl()) {
            return EglSurface.sharingProperties(GLFWNativeEGL.glfwGetEGLContext(window), GLFWNativeEGL.glfwGetEGLDisplay());
        }
        return switch (glfwGetPlatform()) {
            case GLFW_PLATFORM_X11 -> new long[] {CL_GL_CONTEXT_KHR, GLFWNativeGLX.glfwGetGLXContext(window),
                CL_GLX_DISPLAY_KHR, GLFWNativeX11.glfwGetX11Display()};
            case GLFW_PLATFORM_WIN32 -> new long[] {CL_GL_CONTEXT_KHR, GLFWNativeWGL.glfwGetWGLContext(window),
                CL_WGL_HDC_KHR, WGL.wglGetCurrentDC()};
            case GLFW_PLATFORM_COCOA -> new long[] {CL_CONTEXT_PROPERTY_USE_CGL_SHAREGROUP_APPLE,
                CGL.CGLGetShareGroup(CGL.CGLGetCurrentContext())};
            default -> new long[0];
        };
    }

    @Override
    public void close() {
        OpenGl.unload();
        Callbacks.glfwFreeCallbacks(window);
        glfwDestroyWindow(window);
        end();
    }

    /** The window's rectangle in desktop units; Wayland does not report x and y. */
    private Rectangle rectangle() {
        int[] x = new int[1];
        int[] y = new int[1];
        int[] w = new int[1];
        int[] h = new int[1];
        glfwGetWindowPos(window, x, y);
        glfwGetWindowSize(window, w, h);
        return new Rectangle(x[0], y[0], w[0], h[0]);
    }

    /** The monitor that shows the largest part of the window. */
    private static long monitor(Rectangle rectangle) {
        long best = glfwGetPrimaryMonitor();
        long largest = 0;
        PointerBuffer monitors = glfwGetMonitors();
        for (int i = 0; monitors != null && i < monitors.limit(); i++) {
            GLFWVidMode mode = glfwGetVideoMode(monitors.get(i));
            if (mode != null) {
                int[] left = new int[1];
                int[] top = new int[1];
                glfwGetMonitorPos(monitors.get(i), left, top);
                long area = rectangle.overlap(new Rectangle(left[0], top[0], mode.width(), mode.height()));
                if (area > largest) {
                    best = monitors.get(i);
                    largest = area;
                }
            }
        }
        return best;
    }
}
