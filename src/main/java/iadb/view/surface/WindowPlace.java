package iadb.view.surface;

import static org.lwjgl.glfw.GLFW.*;
import static org.lwjgl.system.MemoryUtil.NULL;

import org.lwjgl.PointerBuffer;
import org.lwjgl.glfw.GLFWVidMode;

/** Where a GLFW window lies on the desktop, in the desktop's units; Wayland does not tell x and y. */
record WindowPlace(int x, int y, int width, int height) {
    static WindowPlace of(long window) {
        int[] x = new int[1];
        int[] y = new int[1];
        int[] width = new int[1];
        int[] height = new int[1];
        glfwGetWindowPos(window, x, y);
        glfwGetWindowSize(window, width, height);
        return new WindowPlace(x[0], y[0], width[0], height[0]);
    }

    void restore(long window) {
        glfwSetWindowMonitor(window, NULL, x, y, width, height, GLFW_DONT_CARE);
    }

    /** Makes the window fill the monitor that shows most of this place, as that monitor is set. */
    void fillScreen(long window) {
        long monitor = monitor();
        GLFWVidMode mode = monitor == NULL ? null : glfwGetVideoMode(monitor);
        if (mode != null) {
            glfwSetWindowMonitor(window, monitor, 0, 0, mode.width(), mode.height(), mode.refreshRate());
        }
    }

    private long monitor() {
        long best = glfwGetPrimaryMonitor();
        long most = 0;
        PointerBuffer monitors = glfwGetMonitors();
        for (int i = 0; monitors != null && i < monitors.limit(); i++) {
            long shown = overlap(monitors.get(i));
            if (shown > most) {
                best = monitors.get(i);
                most = shown;
            }
        }
        return best;
    }

    private long overlap(long monitor) {
        GLFWVidMode mode = glfwGetVideoMode(monitor);
        if (mode == null) {
            return 0;
        }
        int[] left = new int[1];
        int[] top = new int[1];
        glfwGetMonitorPos(monitor, left, top);
        long across = Math.min(x + width, left[0] + mode.width()) - Math.max(x, left[0]);
        long down = Math.min(y + height, top[0] + mode.height()) - Math.max(y, top[0]);
        return Math.max(0, across) * Math.max(0, down);
    }
}
