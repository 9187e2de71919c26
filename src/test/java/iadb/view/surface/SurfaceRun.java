package iadb.view.surface;

import static org.lwjgl.glfw.GLFW.*;
import static org.lwjgl.opengl.GL33C.*;

import iadb.view.surface.Surface.InputListener;
import iadb.view.surface.Surface.NoDisplayException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.lwjgl.BufferUtils;

/** Opens a surface and prints its properties. {@link SurfaceTest} starts it. Argument: {@code window} or {@code offscreen}. */
final class SurfaceRun {
    private SurfaceRun() { }

    public static void main(String[] arguments) throws InterruptedException {
        boolean window = arguments[0].equals("window");
        try (Surface surface = window ? GlfwSurface.open("test", 320, 240, true) : EglSurface.open(320, 240)) {
            System.out.println("size=" + surface.width() + "x" + surface.height() + " scale " + surface.scale());
            System.out.println("properties=" + surface.sharingProperties().length);
            System.out.println("corner=" + corner(surface));
            if (window) {
                drive(surface);
            }
            System.out.println("glError=" + glGetError());
        } catch (NoDisplayException e) {
            System.out.println("refused=" + e.getMessage());
            return;
        }
        try (Surface second = window ? GlfwSurface.openHidden() : EglSurface.open(64, 64)) {
            System.out.println("again=" + second.width());
        }
    }

    /** Fills the framebuffer and reads the colour of its corner. */
    private static String corner(Surface surface) {
        glBindFramebuffer(GL_FRAMEBUFFER, surface.framebuffer());
        glClearColor(1, 0, 0.2f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        ByteBuffer pixel = BufferUtils.createByteBuffer(4);
        glReadPixels(surface.width() - 1, surface.height() - 1, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixel);
        surface.present();
        return "%02x%02x%02x%02x".formatted(pixel.get(0), pixel.get(1), pixel.get(2), pixel.get(3));
    }

    private static void drive(Surface surface) throws InterruptedException {
        long window = glfwGetCurrentContext();
        List<Integer> before = rectangle(window);
        surface.toggleFullscreen();
        pollUntil(surface, () -> surface.width() > 320);
        System.out.println("fullscreen=" + isFullscreen(window) + " " + surface.width() + "x" + surface.height());
        surface.toggleFullscreen();
        pollUntil(surface, () -> surface.width() == 320);
        System.out.println("restored=" + (!isFullscreen(window) && rectangle(window).equals(before)));
        System.out.println("closing=" + surface.closing());
        glfwSetWindowShouldClose(window, true);
        System.out.println("closed=" + surface.closing());
    }

    private static boolean isFullscreen(long window) { return glfwGetWindowMonitor(window) != 0; }

    private static List<Integer> rectangle(long window) {
        int[] x = new int[1];
        int[] y = new int[1];
        int[] width = new int[1];
        int[] height = new int[1];
        glfwGetWindowPos(window, x, y);
        glfwGetWindowSize(window, width, height);
        return List.of(x[0], y[0], width[0], height[0]);
    }

    /** Polls for up to two seconds, since the X server answers asynchronously. */
    private static void pollUntil(Surface surface, BooleanSupplier done) throws InterruptedException {
        for (int i = 0; i < 200 && !done.getAsBoolean(); i++) {
            surface.poll(new InputListener() { });
            Thread.sleep(10);
        }
    }
}
