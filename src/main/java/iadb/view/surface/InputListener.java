package iadb.view.surface;

import java.nio.file.Path;
import java.util.List;

/**
 * What the user does with a {@link Surface}, told by its {@link Surface#poll}. Positions are in pixels of the
 * framebuffer from its upper left corner. Keys, buttons and modifiers have GLFW's numbers
 * (org.lwjgl.glfw.GLFW.GLFW_KEY_* and so on).
 */
public interface InputListener {
    /** @param repeated whether the key is only still held down; then also pressed */
    default void key(int key, boolean pressed, boolean repeated, int modifiers) {
    }

    /** A letter was typed, as the keyboard's layout has it. */
    default void character(int codePoint) {
    }

    default void pointer(double x, double y) {
    }

    default void button(int button, boolean pressed, int modifiers) {
    }

    /** @param steps of the wheel, away from the user positive; fractions on a touchpad */
    default void wheel(double steps) {
    }

    default void dropped(List<Path> files) {
    }
}
