package iadb.view;

import static org.lwjgl.nuklear.Nuklear.*;

import iadb.density.NamedDensities;
import iadb.sample.Solver;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lwjgl.nuklear.NkContext;
import org.lwjgl.nuklear.NkRect;
import org.lwjgl.nuklear.NkStyleItem;
import org.lwjgl.nuklear.NkVec2;
import org.lwjgl.system.MemoryStack;

/** What matters to the map, as sliders, boxes and buttons at the left, and how it goes, in the corner at the right. */
final class Panel {
    /** Units of the desktop that the panel takes at the left. */
    static final int WIDTH = 264;

    private static final int ROW = 24;
    private static final int STATUS_WIDTH = 212;
    private static final int MESSAGE_LINES = 2;
    private static final int CHART_HEIGHT = 64;
    private static final double LOG2_LEAST = Math.log(Controls.LEAST_POINTS) / Math.log(2);
    private static final double LOG2_MOST = Math.log(Controls.MOST_POINTS) / Math.log(2);
    private static final String[][] HELP = {
        {"Space", "pause, go on"}, {"Left, Right", "one step back, on"}, {"R", "new points"},
        {"+, -", "twice, half the points"}, {"B", "direction"}, {"T", "trails"}, {"V", "velocity field"},
        {"G", "grid carried along"}, {"D", "density"}, {"L", "light adds up"}, {"P", "paint a density"},
        {"C", "empty canvas"}, {"E", "eraser"}, {"[, ]", "smaller, larger brush"}, {"S", "screenshot"},
        {"X", "export"}, {"F", "fullscreen"}, {"Tab", "hide, show the panel"}, {"Wheel, drag", "zoom, move"},
        {"0", "whole square"}, {"Click", "the way of a point"}, {"H", "this help"}, {"Esc", "close"}};

    /**
     * What the corner tells.
     *
     * @param lines    from the top
     * @param curve    of the losses; empty before there are some
     * @param progress of the training, 0 to 1; empty without one
     */
    record Status(List<String> lines, Optional<LossCurve> curve, Optional<Double> progress) {
    }

    private final NkContext context;

    Panel(NkContext context) {
        this.context = context;
    }

    /**
     * Lays out a frame, and takes what the user does with it.
     *
     * @param width  units of the desktop, as height
     * @param place  on the way, 0 to 1
     * @param alpha  at that place
     * @param message for the user
     */
    void layOut(Controls controls, Status status, int width, int height, double place, double alpha, boolean training,
            Optional<String> message) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            if (controls.panel) {
                layOutControls(controls, height, place, alpha, training, stack);
            }
            layOutStatus(status, width, stack);
            message.ifPresent(text -> layOutMessage(text, controls.panel ? WIDTH : 0, width, height));
            if (controls.help) {
                layOutHelp(width, height, stack);
            }
        }
    }

    private static NkRect rectangle(MemoryStack stack, float x, float y, float w, float h) {
        return nk_rect(x, y, w, h, NkRect.malloc(stack));
    }

    private void layOutControls(Controls controls, int height, double place, double alpha, boolean training,
            MemoryStack stack) {
        if (nk_begin(context, "controls", rectangle(stack, 0, 0, WIDTH, height), NK_WINDOW_BACKGROUND)) {
            row(1);
            float chosen = slider(String.format(Locale.ROOT, "α %.3f", alpha), (float) place, 0, 1, stack);
            if (chosen != (float) place) {
                controls.chosenPlace = chosen;
            }
            float log2 = (float) (Math.log(controls.points) / Math.log(2));
            float points = slider(String.format(Locale.ROOT, "points %,d", controls.points), log2, (float) LOG2_LEAST,
                    (float) LOG2_MOST, stack);
            if (points != log2) {
                controls.points = (int) Math.round(Math.pow(2, Math.round(points * 4) / 4.0));
            }
            controls.pointSize = slider(String.format(Locale.ROOT, "point size × %.2f", controls.pointSize),
                    controls.pointSize, 0.25f, 4, stack);
            controls.speed = slider(String.format(Locale.ROOT, "speed × %.2f", controls.speed), controls.speed,
                    0.1f, 4, stack);
            row(2);
            controls.p0 = choose("p0", controls.p0, NamedDensities.names(), stack);
            controls.p1 = choose("p1", controls.p1, NamedDensities.names(), stack);
            row(1);
            List<String> solvers = List.of(Solver.values()).stream().map(solver -> "solver: " + solver).toList();
            String solver = choose("", "solver: " + controls.solver, solvers, stack);
            controls.solver = Solver.values()[Math.max(0, solvers.indexOf(solver))];
            row(2);
            controls.reverse = box("p1 to p0", controls.reverse, stack);
            controls.andBack = box("and back", controls.andBack, stack);
            controls.density = box("density", controls.density, stack);
            controls.trails = box("trails", controls.trails, stack);
            controls.field = box("velocity", controls.field, stack);
            controls.grid = box("grid", controls.grid, stack);
            controls.glow = box("light adds up", controls.glow, stack);
            controls.paused = box("pause", controls.paused, stack);
            row(3);
            button(controls, training ? "stop" : "train", Controls.Wish.TRAIN);
            button(controls, "restart", Controls.Wish.RESTART);
            button(controls, "export", Controls.Wish.EXPORT);
            row(2);
            button(controls, "new points", Controls.Wish.NEW_POINTS);
            controls.painting = box("paint", controls.painting, stack);
            if (controls.painting) {
                layOutPainting(controls, stack);
            }
            row(1);
            nk_label(context, "H: all keys", NK_TEXT_LEFT);
        }
        nk_end(context);
    }

    private void layOutPainting(Controls controls, MemoryStack stack) {
        row(3);
        controls.paintedDensity = nk_option_label(context, "p0", controls.paintedDensity == 0) ? 0 : controls.paintedDensity;
        controls.paintedDensity = nk_option_label(context, "p1", controls.paintedDensity == 1) ? 1 : controls.paintedDensity;
        controls.erasing = box("eraser", controls.erasing, stack);
        row(1);
        controls.brush = slider(String.format(Locale.ROOT, "brush %.3f", controls.brush), controls.brush,
                Painting.LEAST_BRUSH, Painting.MOST_BRUSH, stack);
        button(controls, "empty canvas", Controls.Wish.CLEAR_PAINT);
    }

    private void row(int columns) {
        nk_layout_row_dynamic(context, ROW, columns);
    }

    private float slider(String label, float value, float least, float most, MemoryStack stack) {
        nk_layout_row_dynamic(context, PanelCanvas.LETTERS, 1);
        nk_label(context, label, NK_TEXT_LEFT);
        nk_layout_row_dynamic(context, ROW * 0.75f, 1);
        float within = Math.max(least, Math.min(most, value));
        FloatBuffer held = stack.floats(within);
        nk_slider_float(context, least, held, most, (most - least) / 4096);
        return Math.abs(held.get(0) - within) < (most - least) / 2048 ? value : held.get(0); // it rounds to its steps
    }

    private boolean box(String label, boolean on, MemoryStack stack) {
        ByteBuffer held = stack.bytes((byte) (on ? 1 : 0));
        nk_checkbox_label(context, label, held);
        return held.get(0) != 0;
    }

    private void button(Controls controls, String label, Controls.Wish wish) {
        if (nk_button_label(context, label)) {
            controls.wish(wish);
        }
    }

    /** A list to choose from, which shows the choice; the choice need not be in the list. */
    private String choose(String what, String choice, List<String> names, MemoryStack stack) {
        String taken = choice;
        String shown = what.isEmpty() ? choice : what + ": " + choice;
        NkVec2 size = NkVec2.malloc(stack).set(WIDTH - 30, 260);
        if (nk_combo_begin_label(context, shown, size)) {
            nk_layout_row_dynamic(context, ROW - 2, 1);
            for (String name : names) {
                if (nk_combo_item_label(context, name, NK_TEXT_LEFT)) {
                    taken = name;
                }
            }
            nk_combo_end(context);
        }
        return taken;
    }

    private void layOutStatus(Status status, int width, MemoryStack stack) {
        int rows = status.lines().size();
        float height = rows * (PanelCanvas.LETTERS + 6f) + (status.curve().isPresent() ? CHART_HEIGHT + 8 : 0)
                + (status.progress().isPresent() ? 14 : 0) + 14;
        NkStyleItem glass = nk_style_item_color(PanelCanvas.glass(stack), NkStyleItem.malloc(stack));
        nk_style_push_style_item(context, context.style().window().fixed_background(), glass);
        if (nk_begin(context, "status", rectangle(stack, width - STATUS_WIDTH - 8f, 8, STATUS_WIDTH, height),
                NK_WINDOW_NO_SCROLLBAR | NK_WINDOW_NO_INPUT)) {
            status.progress().ifPresent(progress -> {
                nk_layout_row_dynamic(context, 6, 1);
                try (MemoryStack inner = MemoryStack.stackPush()) {
                    nk_progress(context, inner.pointers((long) (1000 * progress)), 1000, false);
                }
            });
            for (String line : status.lines()) {
                nk_layout_row_dynamic(context, PanelCanvas.LETTERS + 2f, 1);
                nk_label(context, line, NK_TEXT_LEFT);
            }
            status.curve().ifPresent(this::chart);
        }
        nk_end(context);
        nk_style_pop_style_item(context);
    }

    /** The losses, logarithms of them, so that the slow end of a training is seen too. */
    private void chart(LossCurve curve) {
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < curve.count(); i++) {
            least = Math.min(least, logarithm(curve, i));
            most = Math.max(most, logarithm(curve, i));
        }
        nk_layout_row_dynamic(context, CHART_HEIGHT, 1);
        try (MemoryStack stack = MemoryStack.stackPush()) {
            NkRect area = NkRect.malloc(stack);
            nk_widget(area, context);
            FloatBuffer points = stack.mallocFloat(2 * curve.count());
            for (int i = 0; i < curve.count(); i++) {
                double height = (logarithm(curve, i) - least) / Math.max(1e-3, most - least);
                points.put(area.x() + area.w() * i / (curve.count() - 1f)).put((float) (area.y() + area.h() * (1 - height)));
            }
            nk_stroke_polyline(nk_window_get_canvas(context), points.flip(), 1.5f, PanelCanvas.accent(stack));
        }
    }

    private static double logarithm(LossCurve curve, int i) {
        return Math.log(Math.max(1e-6, curve.value(i)));
    }

    /** A line or two at the lower edge. */
    private void layOutMessage(String text, int left, int width, int height) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            int h = MESSAGE_LINES * (PanelCanvas.LETTERS + 4) + 16;
            NkStyleItem glass = nk_style_item_color(PanelCanvas.glass(stack), NkStyleItem.malloc(stack));
            nk_style_push_style_item(context, context.style().window().fixed_background(), glass);
            if (nk_begin(context, "message", rectangle(stack, left + 8f, height - h - 8f, width - left - 16f, h),
                    NK_WINDOW_NO_SCROLLBAR | NK_WINDOW_NO_INPUT)) {
                nk_layout_row_dynamic(context, h - 12f, 1);
                nk_label_wrap(context, text);
            }
            nk_end(context);
            nk_style_pop_style_item(context);
        }
    }

    private void layOutHelp(int width, int height, MemoryStack stack) {
        float w = 340;
        float h = HELP.length * (PanelCanvas.LETTERS + 6f) + 60;
        if (nk_begin_titled(context, "help", "Keys", rectangle(stack, (width - w) / 2, Math.max(0, (height - h) / 2), w, h),
                NK_WINDOW_TITLE | NK_WINDOW_BORDER | NK_WINDOW_NO_SCROLLBAR)) {
            for (String[] key : HELP) {
                nk_layout_row_dynamic(context, PanelCanvas.LETTERS + 2f, 2);
                nk_label(context, key[0], NK_TEXT_LEFT);
                nk_label(context, key[1], NK_TEXT_LEFT);
            }
        }
        nk_end(context);
    }
}
