package iadb.view;

import static org.lwjgl.nuklear.Nuklear.*;
import static org.lwjgl.system.MemoryStack.stackGet;

import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.plot.Box;
import iadb.sample.Solver;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingSession.Side;
import iadb.view.Action.Command;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import iadb.view.interop.Interop;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import org.lwjgl.nuklear.NkContext;
import org.lwjgl.nuklear.NkRect;
import org.lwjgl.nuklear.NkStyleItem;
import org.lwjgl.nuklear.NkVec2;
import org.lwjgl.system.MemoryStack;

/** The controls at the left, the status in the upper right corner, messages, and the help. Lengths are in desktop units. */
final class Panel {
    static final int WIDTH = 264; // width of the controls

    private static final int ROW = 24;
    private static final int LINE = PanelCanvas.LETTERS + 6;
    private static final int STATUS_WIDTH = 212;
    private static final int MESSAGE_LINES = 2;
    private static final int CHART_HEIGHT = 64;
    private static final int HELP_WIDTH = 400;
    private static final String PLAIN = "plain"; // no encoding
    private static final String FOURIER = "fourier";
    private static final int OVERLAY = NK_WINDOW_NO_SCROLLBAR | NK_WINDOW_NO_INPUT;
    private static final String[][] HELP = {
        {"Space", "pause or resume"}, {"Left, Right", "one step back or forward"}, {"R", "new points"},
        {"+, -", "double or halve the points"}, {"B", "reverse the direction"}, {"T", "trails"}, {"V", "velocity field"},
        {"G", "grid carried along by the map"}, {"K", "pairs that training blends"}, {"D", "target density"}, {"L", "additive blending"}, {"P", "paint a density"},
        {"C", "clear the canvas"}, {"E", "eraser"}, {"[, ]", "smaller or larger brush"}, {"S", "screenshot"},
        {"X", "export the model and the points"}, {"F", "full screen"}, {"Tab", "show or hide the panel"},
        {"Wheel, drag", "zoom, move"}, {"0", "show the whole square"}, {"Click", "trajectory of a point"},
        {"H", "this help"}, {"Esc", "close"}};

    private final NkContext context;
    private final ViewState state;
    private final DensityPair densities;
    private final LiveTraining training;
    private final PointAnimation animation;
    private final LiveDistance distance;
    private final KernelBuild kernels;
    private final Interop interop;
    private final FrameBudget budget;
    private final Consumer<Action> actions;

    Panel(NkContext context, ViewState state, DensityPair densities, LiveTraining training, PointAnimation animation,
            LiveDistance distance, KernelBuild kernels, Interop interop, FrameBudget budget, Consumer<Action> actions) {
        this.context = context;
        this.state = state;
        this.densities = densities;
        this.training = training;
        this.animation = animation;
        this.distance = distance;
        this.kernels = kernels;
        this.interop = interop;
        this.budget = budget;
        this.actions = actions;
    }

    /**
     * Lays out a frame of this size, and sends the user's input to the controls as actions.
     *
     * @param message to the user; may be empty
     */
    @SuppressWarnings("try") // "stack" is not named below, but rectangles are allocated on it
    void layOut(int width, int height, String message) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            boolean hasControls = state.is(Switch.PANEL);
            if (hasControls) {
                if (nk_begin(context, "controls", rectangle(0, 0, WIDTH, height), NK_WINDOW_BACKGROUND)) {
                    layOutControls();
                }
                nk_end(context);
            }
            layOutStatus(width, width - (hasControls ? WIDTH : 0) < 3 * STATUS_WIDTH);
            if (!message.isEmpty()) {
                int left = hasControls ? WIDTH + 8 : 8;
                int h = MESSAGE_LINES * (PanelCanvas.LETTERS + 4) + 16;
                overlay("message", rectangle(left, height - h - 8, width - left - 8, h), () -> {
                    nk_layout_row_dynamic(context, h - 12f, 1);
                    nk_label_wrap(context, message);
                });
            }
            if (state.is(Switch.HELP)) {
                layOutHelp(width, height);
            }
        }
    }

    private static NkRect rectangle(float x, float y, float w, float h) {
        return nk_rect(x, y, w, h, NkRect.malloc(stackGet()));
    }

    /** Lays out a translucent area without controls over the points. */
    private void overlay(String name, NkRect area, Runnable content) {
        NkStyleItem background = nk_style_item_color(PanelCanvas.overlay(stackGet()), NkStyleItem.malloc(stackGet()));
        nk_style_push_style_item(context, context.style().window().fixed_background(), background);
        if (nk_begin(context, name, area, OVERLAY)) {
            content.run();
        }
        nk_end(context);
        nk_style_pop_style_item(context);
    }

    private void layOutControls() {
        row(1);
        slider(text("α %.3f", animation.alpha()), (float) animation.progress(), 0, 1, Action.SetProgress::new);
        slider(text("points %,d", state.points), log2(state.points), log2(ViewState.MIN_POINTS), log2(RealtimeConfig.MAX_POINTS),
                chosen -> new Action.SetPoints((int) Math.round(Math.pow(2, Math.round(chosen * 4) / 4.0))));
        quantity("point size × %.2f", Quantity.POINT_SIZE);
        quantity("speed × %.2f", Quantity.SPEED);
        row(2);
        for (Side side : Side.values()) {
            choose(label(side) + ": " + densities.get(side).name(), NamedDensities.names(),
                    name -> new Action.SetDensity(side, name));
        }
        choose("preset: " + Preset.of(training.settings(), animation.steps()).map(Preset::toString).orElse("custom"),
                Arrays.asList(Preset.values()), Action.SetPreset::new);
        choose("input: " + (training.isEncoded() ? FOURIER : PLAIN), List.of(PLAIN, FOURIER),
                name -> new Action.SetEncoding(name.equals(FOURIER)));
        choose("solver: " + state.solver, Arrays.asList(Solver.values()), Action.SetSolver::new);
        choose(training.coupling().toString(), couplings(), Action.SetCoupling::new);
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
        button(training.active() ? "stop" : "train", Command.TRAIN_OR_STOP);
        button("restart", Command.RESTART);
        button("export", Command.EXPORT);
        row(3);
        button("reflow", Command.REFLOW);
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
        row(1);
        nk_label(context, "H: all keys", NK_TEXT_LEFT);
    }

    private List<Coupling> couplings() {
        return Arrays.stream(Coupling.values()).filter(coupling -> coupling != Coupling.PAIRED
                || LiveTraining.canPair(densities.get(Side.P0), densities.get(Side.P1))).toList();
    }

    private static String label(Side side) { return side.name().toLowerCase(Locale.ROOT); }

    private static float log2(int value) { return (float) (Math.log(value) / Math.log(2)); }

    private static String text(String format, Object... values) { return String.format(Locale.ROOT, format, values); }

    private void row(int columns) { nk_layout_row_dynamic(context, ROW, columns); }

    private void quantity(String format, Quantity quantity) {
        float value = state.get(quantity);
        slider(text(format, value), value, quantity.min, quantity.max, chosen -> new Action.SetQuantity(quantity, chosen));
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
        if (nk_combo_begin_label(context, label, NkVec2.malloc(stackGet()).set(WIDTH - 30, 260))) {
            nk_layout_row_dynamic(context, ROW - 2, 1);
            for (T choice : choices) {
                if (nk_combo_item_label(context, choice.toString(), NK_TEXT_LEFT)) {
                    actions.accept(change.apply(choice));
                }
            }
            nk_combo_end(context);
        }
    }

    /** @param isNarrow whether more than a few lines would cover the points */
    private void layOutStatus(int width, boolean isNarrow) {
        List<String> lines = trainingLines(isNarrow);
        if (!isNarrow) {
            deviceLines(lines);
        }
        pointLines(lines);
        boolean hasCurve = training.curve().count() > 1 && !isNarrow;
        float height = lines.size() * LINE + (hasCurve ? CHART_HEIGHT + 8 : 0) + (training.running() ? 14 : 0) + 14;
        overlay("status", rectangle(width - STATUS_WIDTH - 8, 8, STATUS_WIDTH, height), () -> {
            if (training.running()) {
                nk_layout_row_dynamic(context, 6, 1);
                nk_progress(context, stackGet().pointers(1000L * training.done() / training.goal()), 1000, false);
            }
            for (String line : lines) {
                nk_layout_row_dynamic(context, PanelCanvas.LETTERS + 2f, 1);
                nk_label(context, line, NK_TEXT_LEFT);
            }
            if (hasCurve) {
                chart(training.curve());
            }
        });
    }

    private List<String> trainingLines(boolean isNarrow) {
        List<String> lines = new ArrayList<>();
        if (training.running()) {
            lines.add(text("%,d of %,d iterations", training.done(), training.goal()));
            if (!isNarrow) {
                lines.add(text("%,.0f per second, loss %.2f", training.iterationsPerSecond(), training.history().smoothed()));
                animation.reducedSteps().ifPresent(steps -> lines.add(text("previews in %d steps", steps)));
            }
        } else if (!kernels.isReady()) {
            lines.add(training.coupling() == Coupling.OT ? "building kernels, pairing" : "building kernels");
        } else if (training.hasTrained()) {
            lines.add(text("%,d iterations, loss %.2f", training.done(), training.history().smoothed()));
        }
        Box box = densities.box();
        distance.latest().ifPresent(figure -> lines.add("sliced W1 " + number(box.side() * figure.distance(), box) + ", exact "
                + number(box.side() * figure.exact(), box)));
        int round = training.round() + (training.isMapping() ? 1 : 0);
        if (round > 0) {
            lines.add(text("reflow round %d of %d%s", round, training.lastRound(), training.isMapping() ? ", mapping pairs" : ""));
        }
        if (training.isFollowing() && training.running()) {
            lines.add("quick training for what is new");
        }
        if (training.isPairing() && !training.isMapping()) {
            lines.add("pairing points");
        }
        if (densities.isReading()) {
            lines.add("reading files");
        }
        return lines;
    }

    /** Adds the points, the device, and the square of the user's plane that is shown. */
    private void deviceLines(List<String> lines) {
        lines.add(text("%,d points, %s", animation.points().points(), interop.transfer()));
        lines.add(interop.context().device().name());
        if (budget.frames() > 0) {
            lines.add(text("%.0f frames per second", 1000 / budget.smoothedMillis()));
        }
        Box box = densities.box();
        if (!box.isUnit()) {
            lines.add("x from " + number(box.x0(), box) + " to " + number(box.x(1), box));
            lines.add("y from " + number(box.y0(), box) + " to " + number(box.y(1), box));
        }
    }

    /** Adds the chosen point. */
    private void pointLines(List<String> lines) {
        Box box = densities.box();
        animation.trajectory().ifPresent(at -> {
            int end = at.length - 2;
            double length = 0;
            for (int i = 2; i < at.length; i += 2) {
                length += Math.hypot(at[i] - at[i - 2], at[i + 1] - at[i - 1]);
            }
            lines.add(text("point %,d of %,d", animation.chosenPoint() + 1, animation.points().points()));
            lines.add("from " + position(at[0], at[1], box));
            lines.add("to " + position(at[end], at[end + 1], box));
            lines.add("length " + number(box.side() * length, box) + ", straight "
                    + number(box.side() * Math.hypot(at[end] - at[0], at[end + 1] - at[1]), box));
            boolean reverse = state.is(Switch.REVERSE);
            lines.add("log density " + logDensity(densities.start(reverse), at[0], at[1], box) + " to "
                    + logDensity(densities.start(!reverse), at[end], at[end + 1], box));
        });
    }

    /** A point of the unit square in the user's units. */
    static String position(double x, double y, Box box) {
        return "(" + number(box.x(x), box) + ", " + number(box.y(y), box) + ")";
    }

    /** A coordinate or a length in the user's units, to some 1e-4 of the square's side. */
    private static String number(double value, Box box) {
        int decimals = 4 - (int) Math.floor(Math.log10(box.side()));
        return decimals >= 0 && decimals <= 8 && Math.abs(value) < 1e8 ? text("%." + decimals + "f", value) : text("%.6g", value);
    }

    /** Per unit of the user's area. */
    static String logDensity(Density density, double x, double y, Box box) {
        double value = density.logDensityAt(x, y) + box.logDensityOffset();
        return value == Double.NEGATIVE_INFINITY ? "-inf" : text("%.2f", value);
    }

    /** Draws the logarithms of the losses, so that small changes at the end of a training are visible. */
    private void chart(LossCurve curve) {
        double[] logarithms = new double[curve.count()];
        Arrays.setAll(logarithms, i -> Math.log(Math.max(1e-6, curve.value(i))));
        double min = Arrays.stream(logarithms).min().orElseThrow();
        double range = Math.max(1e-3, Arrays.stream(logarithms).max().orElseThrow() - min);
        nk_layout_row_dynamic(context, CHART_HEIGHT, 1);
        NkRect area = NkRect.malloc(stackGet());
        nk_widget(area, context);
        FloatBuffer line = stackGet().mallocFloat(2 * logarithms.length);
        for (int i = 0; i < logarithms.length; i++) {
            line.put(area.x() + area.w() * i / (logarithms.length - 1f))
                    .put((float) (area.y() + area.h() * (1 - (logarithms[i] - min) / range)));
        }
        nk_stroke_polyline(nk_window_get_canvas(context), line.flip(), 1.5f, PanelCanvas.accent(stackGet()));
    }

    private void layOutHelp(int width, int height) {
        float h = HELP.length * LINE + 60;
        NkRect area = rectangle((width - HELP_WIDTH) / 2f, Math.max(0, (height - h) / 2), HELP_WIDTH, h);
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
