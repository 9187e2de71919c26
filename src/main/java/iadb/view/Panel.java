package iadb.view;

import static org.lwjgl.nuklear.Nuklear.*;
import static org.lwjgl.system.MemoryStack.stackGet;

import iadb.density.NamedDensities;
import iadb.sample.Solver;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingSession.Side;
import iadb.view.Action.Command;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import iadb.view.scene.TileGrid;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.lwjgl.nuklear.NkContext;
import org.lwjgl.nuklear.NkRect;
import org.lwjgl.nuklear.NkVec2;
import org.lwjgl.system.MemoryStack;

/** The controls at the left, messages, and the help, with the {@link Status}. Lengths are in desktop units. */
final class Panel {
    static final int WIDTH = 264; // width of the controls

    private static final int ROW = 24;
    private static final int MESSAGE_LINES = 2;
    private static final int HELP_WIDTH = 400;
    private static final String PLAIN = "plain"; // no encoding
    private static final String FOURIER = "fourier";
    private static final String[][] HELP = {
        {"Space", "pause or resume"}, {"Left, Right", "one step back or forward"}, {"R", "new points"},
        {"+, -", "double or halve the points"}, {"B", "reverse the direction"}, {"T", "trails"}, {"V", "velocity field"},
        {"G", "grid carried along by the map"}, {"K", "pairs that training blends"}, {"D", "target density"},
        {"L", "additive blending"}, {"P", "paint a density"},
        {"C", "clear the canvas"}, {"E", "eraser"}, {"[, ]", "smaller or larger brush"}, {"S", "screenshot"},
        {"X", "export the model and the points"}, {"F", "full screen"}, {"Tab", "show or hide the panel"},
        {"Wheel, drag", "zoom, move"}, {"0", "show the whole square"}, {"Click", "trajectory of a point"}, {"1 to 4", "choose a tile"},
        {"H", "this help"}, {"Esc", "close"}};

    private final PanelCanvas canvas;
    private final NkContext context;
    private final ViewState state;
    private final DensityPair densities;
    private final Tiles tiles;
    private final Status status;
    private final Consumer<Action> actions;

    Panel(PanelCanvas canvas, ViewState state, DensityPair densities, Tiles tiles, Status status, Consumer<Action> actions) {
        this.canvas = canvas;
        context = canvas.context();
        this.state = state;
        this.densities = densities;
        this.tiles = tiles;
        this.status = status;
        this.actions = actions;
    }

    /**
     * Lays out a frame of this size, and sends the user's input to the controls as actions.
     *
     * @param grid    of the tiles, in pixels
     * @param scale   pixels per desktop unit
     * @param message to the user; may be empty
     */
    @SuppressWarnings("try") // "stack" is not named below, but rectangles are allocated on it
    void layOut(int width, int height, TileGrid grid, float scale, String message) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            boolean hasControls = state.is(Switch.PANEL);
            if (hasControls) {
                if (nk_begin(context, "controls", PanelCanvas.rectangle(0, 0, WIDTH, height), NK_WINDOW_BACKGROUND)) {
                    layOutControls();
                }
                nk_end(context);
            }
            if (tiles.count() == 1) {
                status.layOut(width, hasControls ? WIDTH : 0);
            } else {
                status.layOutTitles(grid, scale);
            }
            if (!message.isEmpty()) {
                int left = hasControls ? WIDTH + 8 : 8;
                int h = MESSAGE_LINES * (PanelCanvas.LETTERS + 4) + 16;
                canvas.overlay("message", PanelCanvas.rectangle(left, height - h - 8, width - left - 8, h), () -> {
                    nk_layout_row_dynamic(context, h - 12f, 1);
                    nk_label_wrap(context, message);
                });
            }
            if (state.is(Switch.HELP)) {
                layOutHelp(width, height);
            }
        }
    }

    private void layOutControls() {
        row(1);
        double progress = tiles.playback().progress();
        slider(Status.text("α %.3f", state.alpha(progress)), (float) progress, 0, 1, Action.SetProgress::new);
        slider(Status.text("points %,d", state.points), log2(state.points), log2(ViewState.MIN_POINTS), log2(RealtimeConfig.MAX_POINTS),
                chosen -> new Action.SetPoints((int) Math.round(Math.pow(2, Math.round(chosen * 4) / 4.0))));
        quantity("point size × %.2f", Quantity.POINT_SIZE);
        quantity("speed × %.2f", Quantity.SPEED);
        row(2);
        for (Side side : Side.values()) {
            choose(label(side) + ": " + densities.get(side).name(), NamedDensities.names(),
                    name -> new Action.SetDensity(side, name));
        }
        boolean isAlone = tiles.count() == 1;
        if (isAlone) {
            layOutPreset();
        }
        choose("solver: " + state.solver, Arrays.asList(Solver.values()), Action.SetSolver::new);
        if (isAlone) {
            layOutCoupling();
        }
        checkbox("p1 to p0", Switch.REVERSE);
        checkbox("loop", Switch.LOOP);
        checkbox("density", Switch.DENSITY);
        checkbox("trails", Switch.TRAILS);
        checkbox("velocity", Switch.VELOCITY);
        checkbox("grid", Switch.GRID);
        checkbox("additive blending", Switch.ADDITIVE_BLENDING);
        checkbox("pairs", Switch.PAIRS);
        checkbox("pause", Switch.PAUSE);
        row(3);
        button(tiles.trainings().stream().anyMatch(LiveTraining::active) ? "stop" : "train", Command.TRAIN_OR_STOP);
        button("restart", Command.RESTART);
        button("export", Command.EXPORT);
        row(isAlone ? 3 : 2);
        if (isAlone) {
            button("reflow", Command.REFLOW);
        }
        button("new points", Command.NEW_POINTS);
        checkbox("paint", Switch.PAINT);
        if (state.is(Switch.PAINT)) {
            row(3);
            for (Side side : Side.values()) {
                boolean isPainted = state.painted == side;
                if (nk_option_label(context, label(side), isPainted) && !isPainted) {
                    actions.accept(new Action.SetPainted(side));
                }
            }
            checkbox("eraser", Switch.ERASER);
            row(1);
            quantity("brush %.3f", Quantity.BRUSH);
            button("clear canvas", Command.CLEAR_CANVAS);
        }
        if (!isAlone) {
            layOutTile();
            status.deviceLines().forEach(canvas::line);
        }
        row(1);
        nk_label(context, "H: all keys", NK_TEXT_LEFT);
    }

    /** Lays out what concerns only the chosen tile. */
    private void layOutTile() {
        row(1);
        chooseNumber("tile " + (state.tile + 1) + ": " + tiles.names().get(state.tile), tiles.names(), Action.SetTile::new);
        row(2);
        layOutPreset();
        layOutCoupling();
        button("reflow", Command.REFLOW);
    }

    private void layOutPreset() {
        Tile.Chosen chosen = tiles.chosen().chosen();
        choose("preset: " + Preset.of(chosen.settings(), chosen.steps()).map(Preset::toString).orElse("custom"),
                Arrays.asList(Preset.values()), Action.SetPreset::new);
        choose("input: " + (chosen.settings().shape().features() > 0 ? FOURIER : PLAIN), List.of(PLAIN, FOURIER),
                name -> new Action.SetEncoding(name.equals(FOURIER)));
    }

    private void layOutCoupling() { choose(tiles.chosen().training().coupling().toString(), couplings(), Action.SetCoupling::new); }

    private List<Coupling> couplings() {
        return Arrays.stream(Coupling.values()).filter(coupling -> coupling != Coupling.PAIRED
                || LiveTraining.canPair(densities.get(Side.P0), densities.get(Side.P1))).toList();
    }

    private static String label(Side side) { return side.name().toLowerCase(Locale.ROOT); }

    private static float log2(int value) { return (float) (Math.log(value) / Math.log(2)); }

    private void row(int columns) { nk_layout_row_dynamic(context, ROW, columns); }

    private void quantity(String format, Quantity quantity) {
        float value = state.get(quantity);
        slider(Status.text(format, value), value, quantity.min, quantity.max, chosen -> new Action.SetQuantity(quantity, chosen));
    }

    private void slider(String label, float value, float min, float max, Function<Float, Action> change) {
        nk_layout_row_dynamic(context, PanelCanvas.LETTERS, 1);
        nk_label(context, label, NK_TEXT_LEFT);
        nk_layout_row_dynamic(context, ROW * 0.75f, 1);
        float shown = Math.max(min, Math.min(max, value));
        FloatBuffer edited = stackGet().floats(shown);
        nk_slider_float(context, min, edited, max, (max - min) / 4096);
        if (Math.abs(edited.get(0) - shown) >= (max - min) / 2048) { // smaller changes come from rounding to steps
            actions.accept(change.apply(edited.get(0)));
        }
    }

    private void checkbox(String label, Switch setting) {
        byte on = (byte) (state.is(setting) ? 1 : 0);
        ByteBuffer edited = stackGet().bytes(on);
        nk_checkbox_label(context, label, edited);
        if (edited.get(0) != on) {
            actions.accept(setting);
        }
    }

    private void button(String label, Command command) {
        if (nk_button_label(context, label)) {
            actions.accept(command);
        }
    }

    private <T> void choose(String label, List<T> choices, Function<T, Action> change) {
        chooseNumber(label, choices, number -> change.apply(choices.get(number)));
    }

    private void chooseNumber(String label, List<?> choices, IntFunction<Action> change) {
        if (nk_combo_begin_label(context, label, NkVec2.malloc(stackGet()).set(WIDTH - 30, 260))) {
            nk_layout_row_dynamic(context, ROW - 2, 1);
            for (int i = 0; i < choices.size(); i++) {
                if (nk_combo_item_label(context, choices.get(i).toString(), NK_TEXT_LEFT)) {
                    actions.accept(change.apply(i));
                }
            }
            nk_combo_end(context);
        }
    }

    private void layOutHelp(int width, int height) {
        float h = HELP.length * Status.LINE + 60;
        NkRect area = PanelCanvas.rectangle((width - HELP_WIDTH) / 2f, Math.max(0, (height - h) / 2), HELP_WIDTH, h);
        if (nk_begin_titled(context, "help", "Keys", area, NK_WINDOW_TITLE | NK_WINDOW_BORDER | NK_WINDOW_NO_SCROLLBAR)) {
            for (String[] key : HELP) {
                nk_layout_row_dynamic(context, PanelCanvas.LETTERS + 2f, 2);
                nk_label(context, key[0], NK_TEXT_LEFT);
                nk_label(context, key[1], NK_TEXT_LEFT);
            }
        }
        nk_end(context);
    }
}
