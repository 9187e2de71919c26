package iadb.view;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.model.Model;
import iadb.model.Network;
import iadb.plan.PlanSelector;
import iadb.train.LossHistory;
import iadb.train.TrainingSession.Side;
import iadb.train.TrainingSettings;
import iadb.view.Action.Command;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import iadb.view.FrameBudget.Phase;
import iadb.view.LiveTraining.Prepared;
import iadb.view.interop.Interop;
import iadb.view.scene.Camera;
import iadb.view.scene.SceneRenderer;
import iadb.view.surface.EglSurface;
import iadb.view.surface.GlfwSurface;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import iadb.view.surface.Surface.NoDisplayException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The window. It shows points of p0, maps them again and again while the network is trained, then plays their trajectories. It
 * owns the {@link ViewState} and applies every {@link Action}. Everything but the building of kernels runs on the calling thread;
 * training and mapping get a slice of each frame.
 */
public final class RealtimeView implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RealtimeView.class);
    private static final long MESSAGE_NANOS = 6_000_000_000L;

    private final RealtimeConfig config;
    private final ResultSink sink;
    private final Resources resources = new Resources();
    private final ViewState state;
    private final Camera camera = new Camera();
    private final Painting painting = new Painting();
    private final Surface surface;
    private final float scale; // pixels per desktop unit when the window opened; the panel's font is rendered for it
    private final Interop interop;
    private final FrameBudget budget;
    private final PanelCanvas canvas;
    private final Panel panel;
    private final Gestures gestures;
    private final SceneRenderer scene;
    private final LiveTraining training;
    private final DensityPair densities;
    private final PointAnimation animation;
    private final LiveDistance distance;
    private final List<Action> actions = new ArrayList<>(); // not yet applied
    private final KernelBuild kernels = new KernelBuild();
    private Optional<Chosen> before = Optional.empty(); // to return to if the device cannot hold the network of later choices
    private boolean trains;            // once the kernels are built; otherwise the given model is played
    private boolean needsPoints;       // the next frame draws new points
    private boolean needsTrajectories; // the next frame starts a new pass of the same points
    private boolean needsScreenshot;
    private volatile boolean closing; // read while the kernels are built
    private boolean kept; // the result of the latest training was passed to the sink
    private Optional<IOException> keepFault = Optional.empty(); // why the latest result was not written; thrown after closing
    private volatile String message = "";
    private volatile long messageNanos;

    /** How the window trains, and the steps of its map. */
    private record Chosen(TrainingSettings settings, int steps) { }

    /** Receives the results of the window. The window itself writes only pictures. */
    public interface ResultSink {
        /** Whether the program was asked to stop. */
        boolean interrupted();

        /**
         * Writes the results, when a training has ended or the user asks for it.
         *
         * @param losses of the training; empty if the model was loaded
         * @param points the end points of the trajectories in the window, [N, 2]
         * @return a message for the window
         * @throws IOException when the results cannot be written: the window shows the fault and stays open
         */
        String keep(Model model, LossHistory losses, float[] points) throws IOException;
    }

    /**
     * The statistics of a window that has closed.
     *
     * @param frames            shown since the kernels were built
     * @param frameMillisMedian the median time between two frames; NaN without a frame
     * @param frameMillis99     the 99th percentile of that time
     * @param transfer          {@code shared} or {@code copied}
     * @param hostBytesPerFrame bytes of points copied by the host
     */
    public record Summary(int frames, double frameMillisMedian, double frameMillis99, int points, String transfer,
            double hostBytesPerFrame, String device, String glRenderer) { }

    private RealtimeView(RealtimeConfig config, Supplier<List<Device>> devices, ResultSink sink) {
        this.config = config;
        this.sink = sink;
        state = new ViewState(config.points());
        try {
            surface = resources.add(config.offscreen() ? EglSurface.open(config.width(), config.height())
                    : GlfwSurface.open("iadb-cl", config.width(), config.height(), config.vsync()));
            interop = Interop.open(surface, devices.get(), config.share());
            Context context = resources.add(interop.context());
            budget = new FrameBudget(context.device().type() == Device.Type.CPU);
            scale = surface.scale();
            scene = resources.add(new SceneRenderer(camera, scale));
            canvas = resources.add(new PanelCanvas(scale));
            TrainingSettings settings = config.training()
                    .withPlan(PlanSelector.planForWindow(config.training().plan(), context.device()));
            Network network = config.model().orElseGet(() -> settings.initialNetwork());
            training = resources.add(new LiveTraining(context, settings, network));
            animation = resources.add(
                    new PointAnimation(interop, config.steps(), settings.seed(), training, state));
            distance = resources.add(new LiveDistance(context, settings.seed()));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
        densities = resources.add(new DensityPair(config.p0(), config.p1(), config.invert(), config.invertHint(), training, this::showMessage,
                this::replaced));
        panel = new Panel(canvas.context(), state, densities, training, animation, distance, kernels, interop, budget,
                actions::add);
        gestures = new Gestures(canvas.context(), state, camera, action -> {
            actions.add(action);
            applyActions(); // the meaning of the next event may depend on it, such as a press after a key
        }, scale);
        kept = config.model().isPresent();
        trains = config.model().isEmpty();
        interop.context().onFirstUse(use -> {
            if (use.startsPhase()) {
                showMessage(use.message());
            }
        });
    }

    /**
     * Opens the window and returns when it has closed. On macOS the calling thread must be the first of the process.
     *
     * @param devices in order of preference: the first that shares memory with OpenGL is used, otherwise the first of all. It is
     *                called when the window is open, so that the OpenCL drivers load meanwhile
     * @throws NoDisplayException when there is no display or no OpenGL 3.3
     * @throws IOException        after the window has closed, when the latest results or a picture could not be written
     */
    public static Summary run(RealtimeConfig config, Supplier<List<Device>> devices, ResultSink sink) throws IOException {
        try (RealtimeView view = new RealtimeView(config, devices, sink);
                Pictures pictures = new Pictures(config, view.surface, view::showMessage)) {
            view.play(pictures);
            Optional<IOException> fault = view.keepFault.or(pictures::fault);
            if (fault.isPresent()) {
                throw fault.get();
            }
            FrameBudget times = view.budget;
            return new Summary(times.frames(), times.percentileMillis(0.5), times.percentileMillis(0.99),
                    view.animation.points().points(), view.interop.transfer(),
                    times.frames() == 0 ? 0 : (double) view.animation.hostBytes() / times.frames(),
                    view.interop.context().device().name(), OpenGl.identity().get(1));
        }
    }

    private void play(Pictures pictures) {
        drawPoints();
        showTarget();
        long firstFrameNanos = 0;
        long last = System.nanoTime();
        while (!closing) {
            budget.begin(Phase.ACTIONS);
            gestures.begin();
            surface.poll(gestures);
            gestures.end();
            if (!closing && kernels.isDone()) {
                finishBuilding();
            }
            applyActions();
            if (kernels.isReady()) {
                densities.advance();
            }
            long now = System.nanoTime();
            double seconds = (now - last) * 1e-9;
            if (kernels.isReady()) {
                budget.addFrame(now - last);
                compute(seconds);
            }
            last = now;
            closing |= sink.interrupted() || surface.closing()
                    || kernels.hasBegun() && (now - firstFrameNanos) * 1e-9 >= config.seconds().orElse(Double.MAX_VALUE);
            drawFrame(seconds);
            takePictures(pictures);
            budget.begin(Phase.PRESENT);
            surface.present();
            budget.endFrame();
            if (!kernels.hasBegun()) {
                firstFrameNanos = System.nanoTime();
                LOG.debug("first frame {} ms after the start", millisSinceStart());
                buildInBackground();
            }
        }
        if (!kernels.isReady()) {
            start();
        }
        if (!kept && (training.diverged() || training.hasTrained() && (sink.interrupted() || !training.running()))) {
            keep();
        }
        pictures.finish();
        LOG.debug("{} frames, the longest {} ms; mean times in ms: {}", budget.frames(), Math.round(budget.percentileMillis(1)),
                budget.meanMillis());
    }

    private static long millisSinceStart() {
        return System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    /**
     * Builds the kernels on another thread, while the window shows points of p0 or, after a change of the network, its last
     * points. Actions that need the kernels wait, so that none changes what it reads.
     */
    private void buildInBackground() {
        Density p0 = densities.get(Side.P0);
        Density p1 = densities.get(Side.P1);
        boolean prepares = trains;
        kernels.start(() -> {
            animation.prepare();
            try {
                return prepares ? Optional.of(training.prepare(p0, p1, () -> !closing)) : Optional.empty();
            } catch (CancellationException e) {
                LOG.debug("closed while points were paired");
                return Optional.empty();
            }
        });
    }

    /** Starts the training whose kernels are built, or the playback of the given model. */
    private void start() {
        Optional<Prepared> prepared = kernels.take();
        LOG.debug("kernels are ready {} ms after the start", millisSinceStart());
        prepared.ifPresentOrElse(training::begin, animation::restart);
    }

    /** Starts what the kernels were built for, or returns to the network before if the device cannot hold the new one. */
    private void finishBuilding() {
        try {
            start();
        } catch (DeviceLimitException e) {
            Chosen last = before.orElseThrow(() -> e);
            before = Optional.empty();
            change(last);
            showMessage(e.getMessage());
        }
    }

    /** Applies the queued actions in order; those that need the kernels stay in the queue until these are built. */
    private void applyActions() {
        for (Action action : List.copyOf(actions)) {
            if (kernels.isReady() || !action.needsKernels()) {
                actions.remove(action);
                apply(action);
            }
        }
    }

    private void apply(Action action) {
        if (action instanceof Switch setting) {
            flip(setting);
        } else if (action instanceof Command command) {
            execute(command);
        } else if (action instanceof Action.SetQuantity set) {
            state.set(set.quantity(), set.value());
        } else if (action instanceof Action.SetPoints set) {
            needsPoints |= set.count() != state.points;
            state.points = set.count();
        } else if (action instanceof Action.SetProgress set) {
            animation.moveTo(set.progress());
        } else if (action instanceof Action.SetSolver set) {
            needsTrajectories |= set.solver() != state.solver;
            state.solver = set.solver();
        } else if (action instanceof Action.SetCoupling set) {
            change(new Chosen(training.settings().withCoupling(set.coupling()), animation.steps()));
        } else if (action instanceof Action.SetEncoding set) {
            change(new Chosen(training.settings(set.encodes()), animation.steps()));
        } else if (action instanceof Action.SetPreset set) {
            change(new Chosen(set.preset().settingsLike(training.settings()), set.preset().steps()));
        } else if (action instanceof Action.SetDensity set) {
            densities.choose(set.side(), set.name());
        } else if (action instanceof Action.Drop drop) {
            densities.read(drop.files());
        } else if (action instanceof Action.SetPainted set) {
            state.painted = set.side();
            painting.copy(densities.get(state.painted));
        } else if (action instanceof Action.Paint paint) {
            painting.draw(paint.x(), paint.y(), state.get(Quantity.BRUSH), paint.startsStroke(), paint.erases());
        } else if (action instanceof Action.PickPoint pick) {
            animation.choose(pick.x(), pick.y(), pick.reach());
        } else if (action instanceof Action.MoveView move) {
            camera.move(move.dx(), move.dy());
        } else if (action instanceof Action.Zoom zoom) {
            camera.zoomAt(zoom.x(), zoom.y(), zoom.factor());
        }
    }

    private void flip(Switch setting) {
        state.set(setting, !state.is(setting));
        if (setting == Switch.REVERSE) {
            needsPoints = true;
            showTarget();
        } else if (setting == Switch.PAINT) {
            if (state.is(Switch.PAINT)) {
                painting.copy(densities.get(state.painted));
            }
            showTarget();
        } else if (setting == Switch.PAIRS && state.is(Switch.PAIRS) && !training.hasPairs()) {
            showMessage("pairs are those of a training, and there is none yet");
        }
    }

    /** Trains by other settings; if the network differs, after its kernels are built in the background as at the start. */
    private void change(Chosen wanted) {
        Chosen last = new Chosen(training.settings(), animation.steps());
        if (wanted.equals(last)) {
            return;
        }
        try {
            if (!training.train(wanted.settings(), densities.get(Side.P0), densities.get(Side.P1))) {
                showMessage("another network: training starts again from fresh weights");
                before = kernels.isReady() ? Optional.of(last) : Optional.empty();
                trains = true;
                buildInBackground();
            }
        } catch (DeviceLimitException e) {
            showMessage(e.getMessage());
            return;
        }
        kept = false;
        if (wanted.steps() != last.steps()) {
            animation.setSteps(wanted.steps());
            needsPoints = true;
        }
    }

    private void execute(Command command) {
        switch (command) {
            case NEW_POINTS -> needsPoints = true;
            case STEP_BACK, STEP_FORWARD -> {
                state.set(Switch.PAUSE, state.is(Switch.PAUSE) || !training.running());
                animation.step(command == Command.STEP_BACK ? -1 : 1);
            }
            case TRAIN_OR_STOP -> {
                if (training.active()) {
                    training.stop();
                } else if (!training.resume()) {
                    kept = false;
                    training.train(densities.get(Side.P0), densities.get(Side.P1));
                }
            }
            case RESTART -> {
                kept = false;
                training.restart(densities.get(Side.P0), densities.get(Side.P1));
            }
            case REFLOW -> {
                if (training.reflow(densities.get(Side.P0), densities.get(Side.P1))) {
                    kept = false;
                } else {
                    showMessage("the training has diverged: restart it before reflow");
                }
            }
            case EXPORT -> keep();
            case SCREENSHOT -> needsScreenshot = true;
            case FULLSCREEN -> surface.toggleFullscreen();
            case RESET_VIEW -> camera.reset();
            case CLEAR_CANVAS -> painting.clear();
            case END_STROKE -> densities.paint(state.painted, painting);
            case CLOSE -> closing = true;
        }
    }

    /** Updates what is shown after a density was replaced. */
    private void replaced(Side side) {
        kept = false;
        needsPoints |= densities.get(side) == densities.start(state.is(Switch.REVERSE));
        if (state.is(Switch.PAINT) && side == state.painted && !densities.get(side).name().equals(Painting.NAME)) {
            painting.copy(densities.get(side));
        }
        showTarget();
    }

    /** Draws the target density behind the points, unless the canvas of the brush is drawn there. */
    private void showTarget() {
        if (!state.is(Switch.PAINT)) {
            scene.setDensity(densities.start(!state.is(Switch.REVERSE)));
        }
    }

    private void drawPoints() {
        try {
            scene.setStarts(animation.draw(densities.start(state.is(Switch.REVERSE))));
        } catch (OpenClException e) {
            if (animation.points() == null) {
                throw e;
            }
            showMessage(e.getMessage());
            state.points = animation.points().points();
        }
    }

    private void showOrHideGrid() {
        try {
            animation.showOrHideGrid();
        } catch (OpenClException e) {
            showMessage(e.getMessage());
            state.set(Switch.GRID, false);
        }
    }

    private void compute(double seconds) {
        if (needsPoints) {
            drawPoints();
        }
        if (needsPoints || needsTrajectories) {
            animation.restart();
        }
        needsPoints = false;
        needsTrajectories = false;
        showOrHideGrid();
        budget.begin(Phase.TRAINING);
        boolean trained = training.running();
        if (!state.is(Switch.PAUSE)) {
            advanceTraining();
        }
        budget.begin(Phase.MAP);
        animation.advance(trained, seconds, budget.map(training.running()));
        distance.advance(animation.points(), densities.start(!state.is(Switch.REVERSE)));
        if (!kept && !animation.previewing() && training.ended()) {
            kept = true;
            keep();
        }
    }

    private void advanceTraining() {
        try {
            training.advance(budget.training());
        } catch (DeviceLimitException e) {
            showMessage(e.getMessage());
        }
    }

    private void keep() {
        String result = "nothing to keep";
        if (!training.diverged() || training.hasTrained()) {
            try {
                result = sink.keep(training.model(densities.get(Side.P0), densities.get(Side.P1)), training.history(),
                        animation.points().positionsAt(1));
                keepFault = Optional.empty();
            } catch (IOException e) {
                keepFault = Optional.of(e);
                result = Pictures.notWritten(e);
            }
        }
        showMessage(!training.diverged() ? result : String.format(Locale.ROOT, "the training diverged at iteration %,d:"
                + " a learning rate below %s may help; the weights are those after iteration %,d; %s", training.divergedAt(),
                Float.toString(training.learningRate()), training.done(), result));
    }

    private void drawFrame(double seconds) {
        budget.begin(Phase.DRAW);
        if (state.is(Switch.PAINT) && painting.takeChanged()) {
            scene.setLevels(painting.levels(), Painting.SIDE, Painting.SIDE);
        }
        if (kernels.isReady() && state.is(Switch.PAIRS)) {
            training.newPairs().ifPresent(scene::setPairs);
        }
        camera.setScreen(surface.width(), surface.height(), state.is(Switch.PANEL) ? Panel.WIDTH * scale : 0);
        scene.draw(surface, animation.scene(), seconds);
        budget.begin(Phase.PANEL);
        panel.layOut((int) (surface.width() / scale), (int) (surface.height() / scale),
                System.nanoTime() - messageNanos < MESSAGE_NANOS ? message : "");
        canvas.draw(surface.width(), surface.height());
    }

    private void takePictures(Pictures pictures) {
        if (kernels.isReady()) {
            pictures.record();
        }
        if (needsScreenshot) {
            needsScreenshot = false;
            pictures.takeScreenshot();
        }
        if (closing) {
            pictures.takeLastFrame();
        }
    }

    private void showMessage(String text) {
        message = text;
        messageNanos = System.nanoTime();
        LOG.info("{}", text);
    }

    @Override
    public void close() {
        kernels.close();
        resources.close();
    }
}
