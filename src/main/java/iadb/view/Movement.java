package iadb.view;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.DeviceLimitException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.model.NetworkShape;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.sample.Schedule;
import iadb.sample.Solver;
import iadb.view.interop.PointBuffer;
import iadb.view.interop.Interop;
import iadb.view.scene.Flow;
import iadb.view.scene.LineDrawing;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the map carries along: the points, the grid, and the arrows of its velocity field. While the network learns they are
 * mapped again and again with the weights of the moment; then the way of the last pass is played.
 */
final class Movement implements AutoCloseable {
    private static final long MORPH_NANOS = 250_000_000; // at most, from one pass to the next
    private static final double PREVIEW_SECONDS = 0.45;  // a pass while the network learns, as far as fewer steps can do it
    private static final int LEAST_PREVIEW_STEPS = 16;
    private static final int MOST_POINTS_DRAWN_HERE = 1 << 16; // some 50 ms
    private static final long LEAST_SLICE_NANOS = 1_000_000;

    private final Context context;
    private final Interop interop;
    private final NetworkShape shape;
    private final int T;
    private final long seed;
    private final Resources resources = new Resources();
    private final Playback playback = new Playback();
    private Sampler sampler; // made when it is first needed: the first frame comes before its kernels
    private PointBuffer arrowTails;
    private PointBuffer arrowsAhead;
    private Flow flow;
    private Flow grid; // null until it is shown
    private float[] starts; // [N, 2]
    private int draws;      // points that were drawn before these
    private Solver solver = Solver.EULER;
    private boolean reverse;
    private int previewSteps;
    private boolean live;        // the network was learning at the last frame
    private boolean passUnderWay;   // behind what is shown
    private boolean lastPass;       // the pass under way has the weights that learning ended with
    private double livePlace = 1;
    private long passBeganNanos;
    private long morphBeganNanos;
    private long morphNanos = 1;
    private long transferNanos;

    Movement(Interop interop, NetworkShape shape, int T, long seed) {
        this.interop = interop;
        context = interop.context();
        this.shape = shape;
        this.T = T;
        this.seed = seed;
        previewSteps = Math.min(T, LEAST_PREVIEW_STEPS);
    }

    /** Measures tunings and builds the map's kernels, which else happens when they are first needed. */
    void prepare() {
        sampler().prepareAll();
    }

    /**
     * Draws new points, others than before, and shows them where they start.
     *
     * @throws DeviceLimitException when the device cannot hold so many: those before stay
     */
    void draw(Density base, int count) {
        float[] drawn = drawn(base, count);
        Flow before = flow;
        flow = new Flow(interop, drawn, parameterBytes(), T);
        if (before != null) {
            before.close();
        }
        starts = drawn;
        draws += count;
        live = false;
    }

    /** The first ones, if few, on the host: they are seen before any kernel is built. */
    private float[] drawn(Density base, int count) {
        Optional<float[]> first = flow == null && count <= MOST_POINTS_DRAWN_HERE
                ? PointSource.drawWithoutDevice(base, seed, RandomPurpose.START_POINTS, draws, count) : Optional.empty();
        return first.orElseGet(() -> {
            try (PointSource source = new PointSource(context, base)) {
                return source.drawToHost(seed, RandomPurpose.START_POINTS, draws, count);
            }
        });
    }

    private long parameterBytes() {
        return (long) shape.bufferFloats() * Float.BYTES;
    }

    /** How the next pass is computed. */
    void setWay(Solver newSolver, boolean reversed) {
        solver = newSolver;
        reverse = reversed;
    }

    /** Starts a pass over: the weights, the points or the way have changed. What is played starts at its start. */
    void restart(Learning learning) {
        if (!learning.running()) {
            for (Flow moved : flows()) {
                moved.begin(sampler(), learning.parameters(), integration(T));
            }
            playback.start();
            live = false;
        }
    }

    private Sampler sampler() {
        if (sampler == null) {
            sampler = resources.add(new Sampler(context, shape));
        }
        return sampler;
    }

    private Integration integration(int steps) {
        return Integration.of(solver, Schedule.LINEAR, steps, reverse);
    }

    /**
     * Moves on by one frame.
     *
     * @param learned whether the network learned in this frame, if only its last iterations
     * @param seconds since the last
     * @param budget  of computing
     */
    void advance(Learning learning, boolean learned, Controls controls, double seconds, Duration budget) {
        if (controls.grid && grid == null) {
            grid = resources.add(new Flow(interop, LineDrawing.gridStarts(), parameterBytes(), T));
            if (live) {
                beginPass(learning);
            } else if (!learning.running()) {
                grid.begin(sampler(), learning.parameters(), integration(T));
            }
        }
        choosePlace(controls, learning.running());
        if (learned || learning.running() || live) {
            advanceLive(learning, budget, controls.paused);
        } else {
            playback.pause(controls.paused);
            long begun = System.nanoTime();
            flow.advance(budget);
            if (grid != null) {
                grid.advance(left(budget, begun));
            }
            double known = grid == null ? flow.known() : Math.min(flow.known(), grid.known());
            playback.advance(seconds, controls.speed, known, controls.andBack);
            long begin = System.nanoTime();
            flow.show(playback.place());
            if (grid != null && controls.grid) {
                grid.show(playback.place());
            }
            transferNanos += System.nanoTime() - begin;
        }
        if (controls.field) {
            aimArrows(learning.parameters(), alpha());
        }
    }

    private void choosePlace(Controls controls, boolean running) {
        double step = (controls.take(Controls.Wish.STEP_ON) ? 1.0 : 0) - (controls.take(Controls.Wish.STEP_BACK) ? 1.0 : 0);
        if (step != 0) {
            controls.paused = !running || controls.paused;
            controls.chosenPlace = Math.max(0, Math.min(1, place() + step / T));
        }
        if (!Double.isNaN(controls.chosenPlace)) {
            livePlace = controls.chosenPlace;
            playback.moveTo(controls.chosenPlace);
            controls.chosenPlace = Double.NaN;
        }
    }

    /** What is left of a budget that began then; enough for a slice. */
    private static Duration left(Duration budget, long begunNanos) {
        return Duration.ofNanos(Math.max(LEAST_SLICE_NANOS, budget.toNanos() - (System.nanoTime() - begunNanos)));
    }

    /**
     * Computes passes behind what is shown, of the points and of the grid: both appear when both are complete. When the training
     * has ended one more follows, of all steps, which is then played.
     */
    private void advanceLive(Learning learning, Duration budget, boolean paused) {
        long begun = System.nanoTime();
        boolean last = !learning.running();
        if (!live || !passUnderWay && !(lastPass && last) && !paused) {
            beginPass(learning);
        }
        if (passUnderWay) {
            boolean complete = true;
            for (Flow moved : flows()) {
                complete &= moved.advanceBehind(left(budget, begun));
            }
            if (complete) {
                endPass();
            }
        }
        if (lastPass && last && !passUnderWay) {
            live = false;
            playback.startAtEnd();
            return;
        }
        for (Flow moved : flows()) {
            moved.morph(Math.min(1, (System.nanoTime() - morphBeganNanos) / (double) morphNanos));
        }
    }

    /** Begins a pass with the current weights, in place of one that is under way. */
    private void beginPass(Learning learning) {
        lastPass = !learning.running();
        live = true;
        passUnderWay = true;
        passBeganNanos = System.nanoTime();
        for (Flow moved : flows()) {
            moved.beginBehind(sampler(), learning.parameters(), integration(lastPass ? T : previewSteps));
        }
    }

    private void endPass() {
        passUnderWay = false;
        for (Flow moved : flows()) {
            moved.showPassBehind(livePlace);
        }
        morphBeganNanos = System.nanoTime();
        long passNanos = morphBeganNanos - passBeganNanos;
        morphNanos = Math.min(MORPH_NANOS, passNanos);
        if (!lastPass) {
            choosePreviewSteps(passNanos * 1e-9);
        }
    }

    /** What is moved: the points and, once it was shown, the grid. */
    private List<Flow> flows() {
        return grid == null ? List.of(flow) : List.of(flow, grid);
    }

    private void choosePreviewSteps(double passSeconds) {
        if (passSeconds > PREVIEW_SECONDS && previewSteps / 2 >= LEAST_PREVIEW_STEPS) {
            previewSteps /= 2;
        } else if (passSeconds < PREVIEW_SECONDS / 3 && previewSteps * 2 <= T) {
            previewSteps *= 2;
        }
    }

    /** x + D(x, α) beside each x where an arrow stands: one Euler step of length 1. */
    private void aimArrows(DeviceBuffer parameters, double alpha) {
        if (arrowTails == null) {
            arrowTails = resources.add(interop.buffer(LineDrawing.ARROWS * LineDrawing.ARROWS));
            arrowsAhead = resources.add(interop.buffer(LineDrawing.ARROWS * LineDrawing.ARROWS));
            arrowTails.acquire().write(LineDrawing.arrowTails());
            arrowTails.publish();
        }
        DeviceBuffer ahead = arrowsAhead.acquire();
        ahead.write(LineDrawing.arrowTails());
        Integration unit = new Integration(Solver.EULER, new float[] {(float) alpha, (float) alpha + 1});
        try (MapSession session = sampler().session(parameters, ahead, LineDrawing.ARROWS * LineDrawing.ARROWS, unit)) {
            session.advance(1);
        }
        arrowsAhead.publish();
    }

    /** The place on the way that is shown, 0 to 1. */
    double place() {
        return live ? livePlace : playback.place();
    }

    /** α at that place. */
    double alpha() {
        return reverse ? 1 - place() : place();
    }

    /** Steps of a pass while the network learns. */
    int previewSteps() {
        return previewSteps;
    }

    /** Whether previews are shown, or the last pass is under way: what is shown is not yet the way of the last weights. */
    boolean live() {
        return live;
    }

    /** T, of a whole pass. */
    int T() {
        return T;
    }

    /** The point that is shown nearest to a place of the square, -1 where none is within {@code reach}. */
    int nearest(double x, double y, double reach) {
        float[] positions = flow.positionsShown(place());
        double least = reach * reach;
        int nearest = -1;
        for (int i = 0; i < flow.points(); i++) {
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

    Flow flow() {
        return flow;
    }

    /** Null until it was shown once. */
    Flow grid() {
        return grid;
    }

    /** GL names of the arrows' tails and of the points ahead of them; null before they were shown once. */
    int[] arrows() {
        return arrowTails == null ? null : new int[] {arrowTails.glBuffer(), arrowsAhead.glBuffer()};
    }

    /** Where the points start, [N, 2]; not a copy. */
    float[] starts() {
        return starts;
    }

    /** Bytes that went through the host to OpenGL since the points were drawn. */
    long hostBytes() {
        return flow.hostBytes();
    }

    /** Nanoseconds that bringing points to OpenGL has taken so far. */
    long transferNanos() {
        return transferNanos;
    }

    @Override
    public void close() {
        if (flow != null) {
            flow.close();
        }
        resources.close();
    }
}
