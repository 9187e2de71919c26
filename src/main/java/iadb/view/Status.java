package iadb.view;

import static org.lwjgl.nuklear.Nuklear.*;
import static org.lwjgl.system.MemoryStack.stackGet;

import iadb.density.Density;
import iadb.plot.Box;
import iadb.train.Coupling;
import iadb.view.Action.Switch;
import iadb.view.interop.Interop;
import iadb.view.scene.TileGrid;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lwjgl.nuklear.NkContext;
import org.lwjgl.nuklear.NkRect;

/** How the trainings stand: in the upper right corner, or for several tiles in a strip above each. Lengths are in desktop units. */
final class Status {
    static final int LINE = PanelCanvas.LETTERS + 6;
    /** The height of the strip above a tile. */
    static final int TITLE = 3 * LINE + 22;

    private static final int WIDTH = 212;
    private static final int CHART_HEIGHT = 64;

    private final PanelCanvas canvas;
    private final NkContext context;
    private final ViewState state;
    private final DensityPair densities;
    private final Tiles tiles;
    private final Interop interop;
    private final FrameBudget budget;

    Status(PanelCanvas canvas, ViewState state, DensityPair densities, Tiles tiles, Interop interop, FrameBudget budget) {
        this.canvas = canvas;
        context = canvas.context();
        this.state = state;
        this.densities = densities;
        this.tiles = tiles;
        this.interop = interop;
        this.budget = budget;
    }

    /**
     * Lays out the status of the only tile in the upper right corner.
     *
     * @param left width of the panel at the left
     */
    void layOut(int width, int left) {
        boolean isNarrow = width - left < 3 * WIDTH; // more than a few lines would cover the points
        LiveTraining training = tiles.get(0).training();
        List<String> lines = trainingLines(tiles.get(0), isNarrow);
        if (!isNarrow) {
            lines.addAll(deviceLines());
        }
        pointLines(lines);
        boolean hasCurve = training.curve().count() > 1 && !isNarrow;
        float height = lines.size() * LINE + (hasCurve ? CHART_HEIGHT + 8 : 0) + (training.running() ? 14 : 0) + 14;
        canvas.overlay("status", PanelCanvas.rectangle(width - WIDTH - 8, 8, WIDTH, height), () -> {
            progress(training);
            lines.forEach(canvas::line);
            if (hasCurve) {
                chart(training.curve());
            }
        });
    }

    private void progress(LiveTraining training) {
        if (training.running()) {
            nk_layout_row_dynamic(context, 6, 1);
            nk_progress(context, stackGet().pointers(1000L * training.done() / training.goal()), 1000, false);
        }
    }

    /**
     * Lays out a strip above each tile: its name, its distance from the target, and its training, or after that the chosen point.
     *
     * @param scale pixels per desktop unit
     */
    void layOutTitles(TileGrid grid, float scale) {
        List<String> names = tiles.names();
        for (int i = 0; i < tiles.count(); i++) {
            Tile tile = tiles.get(i);
            String name = i + 1 + ": " + names.get(i);
            boolean isChosen = i == state.tile;
            NkRect area = PanelCanvas.rectangle(grid.x(i) / scale + 4, grid.titleY(i) / scale + 4, grid.width() / scale - 8, TITLE - 4);
            canvas.overlay("tile " + i, area, () -> {
                nk_layout_row_dynamic(context, PanelCanvas.LETTERS + 2f, 1);
                if (isChosen) {
                    nk_label_colored(context, name, NK_TEXT_LEFT, PanelCanvas.accent(stackGet()));
                } else {
                    nk_label(context, name, NK_TEXT_LEFT);
                }
                canvas.line(distance(tile).orElse(""));
                canvas.line(tile.animation().trajectory().filter(at -> !tile.training().running())
                        .map(at -> lengths(at, densities.box())).orElseGet(() -> String.join(", ", stateLines(tile))));
                progress(tile.training());
            });
        }
    }

    private Optional<String> distance(Tile tile) {
        Box box = densities.box();
        return tile.distance().latest().map(figure -> "sliced W1 " + number(box.side() * figure.distance(), box) + ", exact "
                + number(box.side() * figure.exact(), box));
    }

    /** How the training of a tile stands. */
    private List<String> stateLines(Tile tile) {
        LiveTraining training = tile.training();
        List<String> lines = new ArrayList<>();
        if (training.running()) {
            lines.add(text("%,d of %,d iterations", training.done(), training.goal()));
        } else if (tile.isBuilding()) {
            lines.add(training.coupling() == Coupling.OT ? "building kernels, pairing" : "building kernels");
        } else if (training.diverged()) {
            lines.add(text("diverged at iteration %,d", training.divergedAt()));
        } else if (training.hasTrained()) {
            lines.add(text("%,d iterations", training.done()));
        }
        int round = training.round() + (training.isMapping() ? 1 : 0);
        if (round > 0) {
            lines.add(text("reflow round %d of %d%s", round, training.lastRound(), training.isMapping() ? ", mapping pairs" : ""));
        }
        if (training.isPairing() && !training.isMapping()) {
            lines.add("pairing points");
        }
        return lines;
    }

    private List<String> trainingLines(Tile tile, boolean isNarrow) {
        LiveTraining training = tile.training();
        List<String> lines = stateLines(tile);
        if (training.hasTrained() && !isNarrow) {
            String loss = text("loss %.2f", training.history().smoothed());
            lines.add(training.running() ? text("%,.0f per second, ", training.iterationsPerSecond()) + loss : loss);
        }
        if (training.running() && !isNarrow) {
            tile.animation().reducedSteps().ifPresent(steps -> lines.add(text("previews in %d steps", steps)));
        }
        distance(tile).ifPresent(lines::add);
        if (training.isFollowing() && training.running()) {
            lines.add("quick training for what is new");
        }
        if (densities.isReading()) {
            lines.add("reading files");
        }
        return lines;
    }

    /** The points, the device, and the square of the user's plane that is shown. */
    List<String> deviceLines() {
        List<String> lines = new ArrayList<>();
        lines.add(text("%,d points, %s", tiles.points(), interop.transfer()));
        lines.add(interop.context().device().name());
        if (budget.frames() > 0) {
            lines.add(text("%.0f frames per second", 1000 / budget.smoothedMillis()));
        }
        Box box = densities.box();
        if (!box.isUnit()) {
            lines.add("x from " + number(box.x0(), box) + " to " + number(box.x(1), box));
            lines.add("y from " + number(box.y0(), box) + " to " + number(box.y(1), box));
        }
        return lines;
    }

    /** Adds the chosen point. */
    private void pointLines(List<String> lines) {
        PointAnimation animation = tiles.chosen().animation();
        Box box = densities.box();
        animation.trajectory().ifPresent(at -> {
            int end = at.length - 2;
            lines.add(text("point %,d of %,d", state.chosenPoint + 1, tiles.points()));
            lines.add("from " + position(at[0], at[1], box));
            lines.add("to " + position(at[end], at[end + 1], box));
            lines.add(lengths(at, box));
            boolean reverse = state.is(Switch.REVERSE);
            lines.add("log density " + logDensity(densities.start(reverse), at[0], at[1], box) + " to "
                    + logDensity(densities.start(!reverse), at[end], at[end + 1], box));
        });
    }

    /** The length of a trajectory [frames, 2], and the distance between its ends. */
    private static String lengths(float[] at, Box box) {
        double length = 0;
        for (int i = 2; i < at.length; i += 2) {
            length += Math.hypot(at[i] - at[i - 2], at[i + 1] - at[i - 1]);
        }
        int end = at.length - 2;
        return "length " + number(box.side() * length, box) + ", straight "
                + number(box.side() * Math.hypot(at[end] - at[0], at[end + 1] - at[1]), box);
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

    static String text(String format, Object... values) { return String.format(Locale.ROOT, format, values); }
}
