package iadb.view.surface;

import java.nio.file.Path;
import java.util.List;

/**
 * Receives the user's input from {@link Surface#poll}. Positions are pixels of the framebuffer, from its upper left corner. Keys,
 * buttons and modifiers have GLFW's numbers (org.lwjgl.glfw.GLFW.GLFW_KEY_* and so on).
 */
public interface InputListener {
    /** @param repeated whether the key is still held down; {@code pressed} is true then, too */
    default void key(int key, boolean pressed, boolean repeated, int modifiers) { }

    /** A character was typed, according to the keyboard layout. */
    default void character(int codePoint) { }

    default void pointer(double x, double y) { }

    default void button(int button, boolean pressed, int modifiers) { }

    /** @param steps of the wheel, positive away from the user; fractions on a touchpad */
    default void wheel(double steps) { }

    default void dropped(List<Path> files) { }
}
