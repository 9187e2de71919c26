package iadb.view;

import static org.lwjgl.glfw.GLFW.*;
import static org.lwjgl.nuklear.Nuklear.*;

import iadb.view.scene.Camera;
import iadb.view.surface.InputListener;
import java.nio.file.Path;
import java.util.List;
import org.lwjgl.nuklear.NkContext;
import org.lwjgl.nuklear.NkVec2;
import org.lwjgl.system.MemoryStack;

/** What keys, buttons and the wheel mean: the panel takes what lies on it, then the brush, then the picture itself. */
final class Gestures implements InputListener {
    private static final double ZOOM_A_STEP = 1.15;
    private static final double CLICK_PIXELS = 4; // a press that moves less is a click
    private static final int NOTHING = -1;
    private static final float BRUSH_STEP = 1.25f;

    private final NkContext panel;
    private final Controls controls;
    private final Camera camera;
    private final Subjects subjects;
    private final float scale;
    private double x; // of the pointer, pixels
    private double y;
    private double pressX;
    private double pressY;
    private boolean moving;
    private boolean stroking;
    private boolean strokeErases;
    private int pressedNow = NOTHING;  // Nuklear's button that went down in this frame
    private int releasedNow = NOTHING; // and up again: Nuklear is told in the next, or it would not see the click
    private double clickedX = Double.NaN; // in the unit square
    private double clickedY;
    private boolean strokeEnded;

    /** @param scale pixels a unit of the panel */
    Gestures(NkContext panel, Controls controls, Camera camera, Subjects subjects, float scale) {
        this.panel = panel;
        this.controls = controls;
        this.camera = camera;
        this.subjects = subjects;
        this.scale = scale;
    }

    /** Before the events of a frame. */
    void begin() {
        nk_input_begin(panel);
        pressedNow = NOTHING;
        if (releasedNow != NOTHING) {
            nk_input_button(panel, releasedNow, (int) (x / scale), (int) (y / scale), false);
            releasedNow = NOTHING;
        }
    }

    /** After the events of a frame. */
    void end() {
        nk_input_end(panel);
    }

    /** Where was clicked since the last call, in the unit square; null: nowhere. */
    double[] takeClick() {
        if (Double.isNaN(clickedX)) {
            return null;
        }
        double[] click = {clickedX, clickedY};
        clickedX = Double.NaN;
        return click;
    }

    /** Whether a stroke of the brush has ended since the last call. */
    boolean takeStrokeEnd() {
        boolean ended = strokeEnded;
        strokeEnded = false;
        return ended;
    }

    @Override
    public void pointer(double pixelX, double pixelY) {
        nk_input_motion(panel, (int) (pixelX / scale), (int) (pixelY / scale));
        if (stroking) {
            subjects.painting().strokeTo(camera.toX(pixelX), camera.toY(pixelY), controls.brush, strokeErases);
        } else if (moving) {
            camera.move(pixelX - x, pixelY - y);
        }
        x = pixelX;
        y = pixelY;
    }

    @Override
    public void button(int button, boolean pressed, int modifiers) {
        int known = button == GLFW_MOUSE_BUTTON_RIGHT ? NK_BUTTON_RIGHT
                : button == GLFW_MOUSE_BUTTON_MIDDLE ? NK_BUTTON_MIDDLE : NK_BUTTON_LEFT;
        if (!pressed && pressedNow == known) {
            releasedNow = known;
        } else {
            nk_input_button(panel, known, (int) (x / scale), (int) (y / scale), pressed);
        }
        if (pressed) {
            pressedNow = known;
            if (onPanel()) {
                return;
            }
            pressX = x;
            pressY = y;
            boolean brush = controls.painting && button != GLFW_MOUSE_BUTTON_MIDDLE;
            stroking = brush;
            moving = !brush;
            if (brush) {
                strokeErases = controls.erasing != (button == GLFW_MOUSE_BUTTON_RIGHT);
                subjects.painting().beginStroke();
                subjects.painting().strokeTo(camera.toX(x), camera.toY(y), controls.brush, strokeErases);
            }
        } else {
            if (moving && Math.hypot(x - pressX, y - pressY) < CLICK_PIXELS * scale) {
                clickedX = camera.toX(x);
                clickedY = camera.toY(y);
            }
            strokeEnded |= stroking;
            moving = false;
            stroking = false;
        }
    }

    /** What lies under the pointer is the panel's: the corner at the right only shows. */
    private boolean onPanel() {
        return controls.panel && x < Panel.WIDTH * scale || controls.help && nk_window_is_any_hovered(panel);
    }

    @Override
    public void wheel(double steps) {
        if (onPanel()) {
            try (MemoryStack stack = MemoryStack.stackPush()) {
                nk_input_scroll(panel, NkVec2.malloc(stack).set(0, (float) steps));
            }
        } else {
            camera.zoomAt(x, y, Math.pow(ZOOM_A_STEP, steps));
        }
    }

    @Override
    public void dropped(List<Path> files) {
        subjects.drop(files);
    }

    /** Signs are where a keyboard has them. */
    @Override
    public void character(int codePoint) {
        switch (codePoint) {
            case '+', '=' -> controls.doublePoints();
            case '-' -> controls.halvePoints();
            case '[' -> controls.brush = Math.max(Painting.LEAST_BRUSH, controls.brush / BRUSH_STEP);
            case ']' -> controls.brush = Math.min(Painting.MOST_BRUSH, controls.brush * BRUSH_STEP);
            default -> { }
        }
    }

    @Override
    public void key(int key, boolean pressed, boolean repeated, int modifiers) {
        if (!pressed || (modifiers & (GLFW_MOD_CONTROL | GLFW_MOD_ALT | GLFW_MOD_SUPER)) != 0) {
            return;
        }
        switch (key) {
            case GLFW_KEY_LEFT -> controls.wish(Controls.Wish.STEP_BACK);
            case GLFW_KEY_RIGHT -> controls.wish(Controls.Wish.STEP_ON);
            default -> {
                if (!repeated) {
                    press(key);
                }
            }
        }
    }

    /** Keys that do not repeat while they are held. */
    private void press(int key) {
        switch (key) {
            case GLFW_KEY_SPACE -> controls.paused = !controls.paused;
            case GLFW_KEY_R -> controls.wish(Controls.Wish.NEW_POINTS);
            case GLFW_KEY_B -> controls.reverse = !controls.reverse;
            case GLFW_KEY_T -> controls.trails = !controls.trails;
            case GLFW_KEY_V -> controls.field = !controls.field;
            case GLFW_KEY_G -> controls.grid = !controls.grid;
            case GLFW_KEY_D -> controls.density = !controls.density;
            case GLFW_KEY_L -> controls.glow = !controls.glow;
            case GLFW_KEY_P -> {
                controls.painting = !controls.painting;
                subjects.followCanvas();
            }
            case GLFW_KEY_C -> subjects.painting().clear();
            case GLFW_KEY_E -> controls.erasing = !controls.erasing;
            case GLFW_KEY_H -> controls.help = !controls.help;
            case GLFW_KEY_TAB -> controls.panel = !controls.panel;
            case GLFW_KEY_S -> controls.wish(Controls.Wish.SCREENSHOT);
            case GLFW_KEY_X -> controls.wish(Controls.Wish.EXPORT);
            case GLFW_KEY_F -> controls.wish(Controls.Wish.FULLSCREEN);
            case GLFW_KEY_0, GLFW_KEY_KP_0 -> controls.wish(Controls.Wish.RESET_VIEW);
            case GLFW_KEY_ESCAPE -> controls.wish(Controls.Wish.CLOSE);
            default -> { }
        }
    }
}
