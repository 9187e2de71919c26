package iadb.view;

import static java.util.Map.entry;
import static org.lwjgl.glfw.GLFW.*;
import static org.lwjgl.nuklear.Nuklear.*;

import iadb.view.Action.Command;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import iadb.view.scene.Camera;
import iadb.view.surface.Surface.InputListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.lwjgl.nuklear.NkContext;
import org.lwjgl.nuklear.NkVec2;
import org.lwjgl.system.MemoryStack;

/** Turns keys, the mouse and dropped files into actions. Over the panel the mouse operates the panel, elsewhere the picture. */
final class Gestures implements InputListener {
    private static final double ZOOM_PER_STEP = 1.15;
    private static final double PICK_UNITS = 12; // desktop units, from a click to the point that it chooses
    private static final double CLICK_UNITS = 4; // desktop units; a press that moves less is a click
    private static final float BRUSH_STEP = 1.25f;
    private static final int NONE = -1;
    private static final Map<Integer, Action> KEYS = Map.ofEntries(entry(GLFW_KEY_SPACE, Switch.PAUSE),
            entry(GLFW_KEY_B, Switch.REVERSE), entry(GLFW_KEY_T, Switch.TRAILS), entry(GLFW_KEY_V, Switch.VELOCITY),
            entry(GLFW_KEY_G, Switch.GRID), entry(GLFW_KEY_K, Switch.PAIRS), entry(GLFW_KEY_D, Switch.DENSITY),
            entry(GLFW_KEY_L, Switch.ADDITIVE_BLENDING),
            entry(GLFW_KEY_P, Switch.PAINT), entry(GLFW_KEY_E, Switch.ERASER), entry(GLFW_KEY_H, Switch.HELP),
            entry(GLFW_KEY_TAB, Switch.PANEL), entry(GLFW_KEY_LEFT, Command.STEP_BACK),
            entry(GLFW_KEY_RIGHT, Command.STEP_FORWARD), entry(GLFW_KEY_R, Command.NEW_POINTS),
            entry(GLFW_KEY_C, Command.CLEAR_CANVAS), entry(GLFW_KEY_S, Command.SCREENSHOT),
            entry(GLFW_KEY_X, Command.EXPORT), entry(GLFW_KEY_F, Command.FULLSCREEN), entry(GLFW_KEY_0, Command.RESET_VIEW),
            entry(GLFW_KEY_1, new Action.SetTile(0)), entry(GLFW_KEY_2, new Action.SetTile(1)), entry(GLFW_KEY_3, new Action.SetTile(2)),
            entry(GLFW_KEY_4, new Action.SetTile(3)), entry(GLFW_KEY_KP_0, Command.RESET_VIEW), entry(GLFW_KEY_ESCAPE, Command.CLOSE));

    private final NkContext panel;
    private final ViewState state;
    private final Camera camera;
    private final Consumer<Action> actions;
    private final float scale;
    private double x; // position of the pointer in pixels
    private double y;
    private int tile; // in which the button was pressed
    private double pressX;
    private double pressY;
    private boolean moving;
    private boolean stroking;
    private boolean erasing;
    private int pressedNow = NONE;  // the button pressed in this frame, as Nuklear's number
    private int releasedNow = NONE; // if released in the same frame: reported in the next, or Nuklear would miss the click

    /** @param scale pixels per desktop unit */
    Gestures(NkContext panel, ViewState state, Camera camera, Consumer<Action> actions, float scale) {
        this.panel = panel;
        this.state = state;
        this.camera = camera;
        this.actions = actions;
        this.scale = scale;
    }

    /** Call this before the events of a frame. */
    void begin() {
        nk_input_begin(panel);
        pressedNow = NONE;
        if (releasedNow != NONE) {
            nk_input_button(panel, releasedNow, (int) (x / scale), (int) (y / scale), false);
            releasedNow = NONE;
        }
    }

    /** Call this after the events of a frame. */
    void end() { nk_input_end(panel); }

    @Override
    public void pointer(double pixelX, double pixelY) {
        nk_input_motion(panel, (int) (pixelX / scale), (int) (pixelY / scale));
        if (stroking) {
            actions.accept(new Action.Paint(camera.toX(pixelX, tile), camera.toY(pixelY, tile), false, erasing));
        } else if (moving) {
            actions.accept(new Action.MoveView(pixelX - x, pixelY - y));
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
        if (!pressed) {
            release();
        } else {
            pressedNow = known;
            if (!onPanel()) {
                press(button);
            }
        }
    }

    private void press(int button) {
        tile = camera.tiles().at(x, y);
        pressX = x;
        pressY = y;
        stroking = state.is(Switch.PAINT) && button != GLFW_MOUSE_BUTTON_MIDDLE;
        moving = !stroking;
        if (stroking) {
            erasing = state.is(Switch.ERASER) != (button == GLFW_MOUSE_BUTTON_RIGHT);
            actions.accept(new Action.Paint(camera.toX(x, tile), camera.toY(y, tile), true, erasing));
        }
    }

    private void release() {
        if (stroking) {
            actions.accept(Command.END_STROKE);
        } else if (moving && Math.hypot(x - pressX, y - pressY) < CLICK_UNITS * scale) {
            actions.accept(new Action.PickPoint(tile, camera.toX(x, tile), camera.toY(y, tile), PICK_UNITS * scale / camera.side()));
        }
        moving = false;
        stroking = false;
    }

    private boolean onPanel() {
        return state.is(Switch.PANEL) && x < Panel.WIDTH * scale || state.is(Switch.HELP) && nk_window_is_any_hovered(panel);
    }

    @Override
    public void wheel(double steps) {
        if (onPanel()) {
            try (MemoryStack stack = MemoryStack.stackPush()) {
                nk_input_scroll(panel, NkVec2.malloc(stack).set(0, (float) steps));
            }
        } else {
            actions.accept(new Action.Zoom(x, y, Math.pow(ZOOM_PER_STEP, steps)));
        }
    }

    @Override
    public void dropped(List<Path> files) { actions.accept(new Action.Drop(files)); }

    /** Handles signs as characters, since their keys depend on the keyboard layout. */
    @Override
    public void character(int codePoint) {
        float brush = state.get(Quantity.BRUSH);
        switch (codePoint) {
            case '+', '=' -> actions.accept(new Action.SetPoints(Math.min(RealtimeConfig.MAX_POINTS, 2 * state.points)));
            case '-' -> {
                int min = Math.min(state.points, ViewState.MIN_POINTS);
                actions.accept(new Action.SetPoints(Math.max(min, state.points / 2)));
            }
            case '[' -> actions.accept(new Action.SetQuantity(Quantity.BRUSH, brush / BRUSH_STEP));
            case ']' -> actions.accept(new Action.SetQuantity(Quantity.BRUSH, brush * BRUSH_STEP));
            default -> { }
        }
    }

    /** While a key is held, only steps are repeated. */
    @Override
    public void key(int key, boolean pressed, boolean repeated, int modifiers) {
        Action action = KEYS.get(key);
        boolean repeats = action == Command.STEP_BACK || action == Command.STEP_FORWARD;
        if (action != null && pressed && (repeats || !repeated)
                && (modifiers & (GLFW_MOD_CONTROL | GLFW_MOD_ALT | GLFW_MOD_SUPER)) == 0) {
            actions.accept(action);
        }
    }
}
