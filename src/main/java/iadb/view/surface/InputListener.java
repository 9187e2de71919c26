package iadb.view.surface;

import java.nio.file.Path;
import java.util.List;

/**
 * Receives the user's input from {@link Surface#poll}. Positions are pixels from the upper left corner of the framebuffer. Keys,
 * buttons and modifiers are GLFW's numbers (org.lwjgl.glfw.GLFW.GLFW_KEY_* and so on).
 */
public interface InputListener {
    /** @param repeated whether this event repeats a key that is held down; then {@code pressed} is true as well */
    default void key(int key, boolean pressed, boolean repeated, int modifiers) { }

    /** Receives a typed character, according to the keyboard layout. */
    default void character(int codePoint) { }

    default void pointer(double x, double y) { }

    default void button(int button, boolean pressed, int modifiers) { }

    /** @param steps of the wheel, positive away from the user; fractions on a touchpad */
    default void wheel(double steps) { }

    default void dropped(List<Path> files) { }
}
