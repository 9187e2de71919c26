package iadb.view;

import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.model.NetworkShape;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.sample.Solver;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import iadb.view.interop.Interop;
import iadb.view.interop.PointBuffer;
import iadb.view.scene.Flow;
import iadb.view.scene.LineDrawing;
import iadb.view.scene.SceneRenderer.Scene;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The points, the grid and the arrows of the velocity field of a tile. While the network is trained, they are mapped repeatedly with
 * its current weights, as previews; after the training, a last pass is computed, and its trajectories are played.
 */
final class PointAnimation implements AutoCloseable {
    private static final long MORPH_NANOS = 250_000_000; // the longest blend from one preview to the next
    private static final double PREVIEW_SECONDS = 0.45;  // after a slower preview, the next has half the steps
    private static final int MIN_PREVIEW_STEPS = 16;
    private static final long MIN_SLICE_NANOS = 1_000_000;
    private static final int ARROWS = LineDrawing.ARROWS * LineDrawing.ARROWS;

    private final Interop interop;
    private final LiveTraining training;
    private final ViewState state;
    private final Playback playback;
    private final Resources resources = new Resources();
    private final Map<NetworkShape, Sampler> samplers = new HashMap<>(); // created on first use: the first frame needs no kernels
    private PointBuffer arrowTails; // [ARROWS, 2]; null before the arrows are first shown
    private PointBuffer arrowHeads; // [ARROWS, 2]
    private Flow points; // null before the first are drawn
    private Flow grid;   // null while it is not shown
    private int T;       // steps of a full pass
    private int nextT;   // of the points that are shown next
    private long closedHostBytes; // copied for earlier points
    private int previewSteps;
    private boolean previewing;
    private boolean computing; // a preview is being computed in the background
    private boolean lastPass;  // the latest preview has the final weights of the training
    private double morphProgress; // of the latest preview
    private long passBeganNanos;
    private long morphBeganNanos;
    private long morphNanos = 1;

    /**
     * @param T        steps of a full pass
     * @param state    only read here
     * @param playback only read here
     */
    PointAnimation(Interop interop, int T, LiveTraining training, ViewState state, Playback playback) {
        this.interop = interop;
        this.T = T;
        nextT = T;
        this.training = training;
        this.state = state;
        this.playback = playback;
        previewSteps = Math.min(T, MIN_PREVIEW_STEPS);
    }

    /** Sets the steps of a full pass, for the next points: the present ones have room for no more steps. */
    void setSteps(int steps) { nextT = steps; }

    /** Whether other steps were set than those of the present points. */
    boolean stepsChanged() { return nextT != T; }

    /** T, the steps of a full pass. */
    int steps() { return nextT; }

    /** Measures tunings and builds the map's kernels for the network of the training. */
    void prepare() { sampler().prepareAll(); }

    private Sampler sampler() {
        return samplers.computeIfAbsent(training.settings().shape(), shape -> resources.add(new Sampler(interop.context(),
                shape)));
    }

    /**
     * Allocates points to {@link #show}.
     *
     * @param starts [N, 2]
     * @throws DeviceLimitException when the device cannot hold them
     */
    Flow allocate(float[] starts) { return new Flow(interop, starts, nextT); }

    /** Keeps the number of steps of the present points. */
    void keepSteps() { nextT = T; }

    /** Shows points at their start, and closes those before. */
    void show(Flow allocated) {
        if (points != null) {
            closedHostBytes += points.hostBytes();
            points.close();
        }
        points = allocated;
        if (T != nextT) {
            T = nextT;
            previewSteps = Math.min(T, MIN_PREVIEW_STEPS);
            closeGrid();
        }
        previewing = false;
    }

    /** The points and, if shown, the grid. */
    private List<Flow> flows() { return grid == null ? List.of(points) : List.of(points, grid); }

    private Integration integration(int steps) {
        return Integration.of(state.solver, Schedule.LINEAR, steps, state.is(Switch.REVERSE));
    }

    /** Begins a new pass, unless a training is running, whose previews are shown instead. */
    void restart() {
        if (!training.running()) {
            flows().forEach(flow -> flow.begin(sampler(), training.parameters(), integration(T)));
            previewing = false;
        }
    }

    /**
     * Computes previews or the pass that is played.
     *
     * @param trained whether the network was trained in this frame
     * @param budget  the time for it
     */
    void compute(boolean trained, Duration budget) {
        long end = System.nanoTime() + budget.toNanos();
        if (trained || training.running() || previewing) {
            advancePreview(end);
        } else {
            flows().forEach(flow -> flow.advance(timeLeft(end)));
        }
    }

    /** Moves the points, the grid and the arrows to where they are drawn in this frame. */
    void move() {
        double progress = playback.progress();
        boolean morphs = previewing && progress == morphProgress; // not while the user moves along the trajectories
        double blend = Math.min(1, (System.nanoTime() - morphBeganNanos) / (double) morphNanos);
        flows().forEach(flow -> {
            if (morphs) {
                flow.morph(blend);
            } else {
                flow.show(progress);
            }
        });
        morphProgress = morphs ? progress : Double.NaN;
        if (state.is(Switch.VELOCITY)) {
            aimArrows();
        }
    }

    /**
     * Shows or hides the grid, as the state says.
     *
     * @throws DeviceLimitException when the device cannot hold it: there is no grid
     */
    void showOrHideGrid() {
        if (!state.is(Switch.GRID)) {
            closeGrid();
        } else if (state.is(Switch.GRID) && grid == null) {
            grid = new Flow(interop, LineDrawing.gridStarts(), T);
            if (previewing) {
                beginPreview();
            } else if (!training.running()) {
                grid.begin(sampler(), training.parameters(), integration(T));
            }
        }
    }

    private void closeGrid() {
        if (grid != null) {
            grid.close();
            grid = null;
        }
    }

    /** The part of the pass that is computed both of the points and of the grid, 0 to 1. */
    double computedFraction() { return flows().stream().mapToDouble(Flow::computedFraction).min().orElseThrow(); }

    /** The time until {@code endNanos}, at least that of the shortest slice. */
    private static Duration timeLeft(long endNanos) {
        return Duration.ofNanos(Math.max(MIN_SLICE_NANOS, endNanos - System.nanoTime()));
    }

    /**
     * Computes a preview in the background. The points and the grid are replaced together, when both are complete. After the
     * training, a last pass of T steps is computed, which is then played.
     */
    private void advancePreview(long end) {
        boolean hasLastPass = lastPass && !training.running();
        if (!previewing || !computing && !hasLastPass && !state.is(Switch.PAUSE)) {
            beginPreview();
        }
        if (computing) {
            boolean complete = true;
            for (Flow flow : flows()) {
                complete &= flow.advanceNext(timeLeft(end));
            }
            if (complete) {
                endPreview();
            }
        }
        previewing = !lastPass || training.running() || computing;
    }

    /** Begins a preview with the current weights; one that is being computed is dropped. */
    private void beginPreview() {
        lastPass = !training.running();
        previewing = true;
        computing = true;
        passBeganNanos = System.nanoTime();
        flows().forEach(flow -> flow.beginNext(sampler(), training.parameters(), integration(lastPass ? T : previewSteps)));
    }

    private void endPreview() {
        computing = false;
        morphProgress = playback.progress();
        flows().forEach(flow -> flow.showNext(morphProgress));
        morphBeganNanos = System.nanoTime();
        long passNanos = morphBeganNanos - passBeganNanos;
        morphNanos = Math.min(MORPH_NANOS, passNanos);
        double seconds = passNanos * 1e-9;
        if (!lastPass && seconds > PREVIEW_SECONDS && previewSteps / 2 >= MIN_PREVIEW_STEPS) {
            previewSteps /= 2;
        } else if (!lastPass && seconds < PREVIEW_SECONDS / 3 && previewSteps * 2 <= T) {
            previewSteps *= 2;
        }
    }

    /** Sets the head of the arrow at each x to x + D(x, α): one Euler step of length 1. */
    private void aimArrows() {
        if (arrowTails == null) {
            arrowTails = resources.add(interop.buffer(ARROWS));
            arrowHeads = resources.add(interop.buffer(ARROWS));
            arrowTails.acquire().write(LineDrawing.arrowTails());
            arrowTails.publish();
        }
        DeviceBuffer heads = arrowHeads.acquire();
        heads.write(LineDrawing.arrowTails());
        float alpha = (float) state.alpha(playback.progress());
        Integration unit = new Integration(Solver.EULER, new float[] {alpha, alpha + 1});
        try (MapSession session = sampler().session(training.parameters(), heads, ARROWS, unit)) {
            session.advance(1);
        }
        arrowHeads.publish();
    }

    /** The steps of a preview, if fewer than those of a full pass. */
    Optional<Integer> reducedSteps() { return previewSteps < T ? Optional.of(previewSteps) : Optional.empty(); }

    /** Whether the last pass of a training is not yet shown. */
    boolean previewing() { return previewing; }

    /** The point shown nearest to (x, y) in the unit square, or {@link ViewState#NONE} if none is closer than {@code reach}. */
    int nearest(double x, double y, double reach) {
        float[] positions = points.positionsShown(playback.progress());
        double least = reach * reach;
        int nearest = ViewState.NONE;
        for (int i = 0; i < points.points(); i++) {
            double dx = positions[2 * i] - x;
            double dy = positions[2 * i + 1] - y;
            double distance = dx * dx + dy * dy;
            if (distance < least) {
                least = distance;
                nearest = i;
            }
        }
        return nearest;
    }

    /** The computed part of the chosen point's trajectory, [frames, 2]. */
    Optional<float[]> trajectory() {
        return state.chosenPoint == ViewState.NONE ? Optional.empty() : Optional.of(points.trajectoryOf(state.chosenPoint));
    }

    /** The points; null before the first are drawn. */
    Flow points() { return points; }

    /** The scene to draw. */
    Scene scene() {
        int[] arrows = arrowTails == null || !state.is(Switch.VELOCITY) ? null
                : new int[] {arrowTails.glBuffer(), arrowHeads.glBuffer()};
        return new Scene(points, grid, arrows, trajectory().orElse(null), state.is(Switch.PAIRS), state.is(Switch.DENSITY),
                state.is(Switch.PAINT), state.is(Switch.TRAILS), state.is(Switch.ADDITIVE_BLENDING), state.get(Quantity.POINT_SIZE));
    }

    /** Bytes of points copied by the host to OpenGL. */
    long hostBytes() { return closedHostBytes + points.hostBytes(); }

    @Override
    public void close() {
        if (points != null) {
            flows().forEach(Flow::close);
        }
        resources.close();
    }
}
