package iadb.view;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.model.Network;
import iadb.plan.PlanSelector;
import iadb.train.TrainingSession.Which;
import iadb.train.TrainingSettings;
import iadb.view.Action.Command;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import iadb.view.FrameBudget.Phase;
import iadb.view.interop.Interop;
import iadb.view.scene.Camera;
import iadb.view.scene.Scene;
import iadb.view.scene.SceneRenderer;
import iadb.view.surface.EglSurface;
import iadb.view.surface.GlfwSurface;
import iadb.view.surface.NoDisplayException;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The window: points of p0 appear at once; while the network is trained they are mapped again and again; then their trajectories
 * are played. It owns the {@link ViewState} and applies every {@link Action}. Everything happens on the calling thread, frame by
 * frame; training and mapping take a slice of each frame.
 */
public final class RealtimeView implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RealtimeView.class);
    private static final double MESSAGE_SECONDS = 6;
    private static final int PICK_PIXELS = 12;
    private static final Set<Command> COMPUTING = EnumSet.of(Command.TRAIN_OR_STOP, Command.RESTART, Command.EXPORT, Command.END_STROKE,
            Command.STEP_BACK, Command.STEP_FORWARD);

    private final RealtimeConfig config;
    private final ResultSink sink;
    private final Resources resources = new Resources();
    private final ViewState state;
    private final Camera camera = new Camera();
    private final Painting painting = new Painting();
    private final Surface surface;
    private final float scale; // pixels of a unit of the desktop when the window opens: letters and panel are made for it
    private final Context context;
    private final FrameBudget budget;
    private final PanelCanvas canvas;
    private final Panel panel;
    private final Gestures gestures;
    private final SceneRenderer scene;
    private final LiveTraining training;
    private final DensityPair densities;
    private final PointAnimation animation;
    private Optional<Background<Void>> building = Optional.empty(); // of kernels, on a thread that has the device to itself
    private boolean ready;                                          // the kernels are built
    private final List<Action> waiting = new ArrayList<>();         // until then
    private boolean pointsAreOld;     // they are to be drawn again
    private boolean pathIsOld;        // it is to be computed again
    private boolean wantsScreenshot;
    private boolean closing;
    private boolean kept; // the result of the latest training
    private Optional<IOException> keepFault = Optional.empty(); // thrown when the window is closed
    private volatile String message = "";
    private volatile long messageNanos;

    /**
     * How a window ran.
     *
     * @param frames            shown, after the first
     * @param frameMillisMedian from one frame to the next; NaN without a frame
     * @param frameMillis99     that 99 of 100 did not exceed
     * @param points            at the end
     * @param transfer          {@code shared} or {@code copied}
     * @param hostBytesPerFrame of points that went through the host
     * @param device            OpenCL's
     * @param glRenderer        OpenGL's
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
            Interop interop = Interop.open(surface, devices.get(), config.share());
            context = resources.add(interop.context());
            budget = new FrameBudget(context.device().type() == Device.Type.CPU);
            scale = surface.scale();
            scene = resources.add(new SceneRenderer(camera, scale));
            canvas = resources.add(new PanelCanvas(scale));
            TrainingSettings settings = config.training()
                    .withPlan(PlanSelector.besideWindow(config.training().plan(), context.device()));
            Network network = config.model().orElseGet(() -> Network.initial(settings.shape(), settings.seed()));
            training = resources.add(new LiveTraining(context, settings, network));
            animation = resources.add(new PointAnimation(interop, network.shape(), config.steps(), settings.seed(), state));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
        densities = new DensityPair(config.p0(), config.p1(), config.invert(), training, this::say);
        panel = new Panel(canvas.context(), state, densities, training, animation, budget, this::accept);
        gestures = new Gestures(canvas.context(), state, this::accept, scale);
        surface.listen(gestures);
        context.onFirstUse(use -> {
            if (use.startsPhase()) {
                say(use.message());
            }
        });
    }

    /**
     * Opens the window and returns when it was closed. The calling thread must be the process's first on macOS.
     *
     * @param devices in the order of preference: the first that shares with OpenGL is taken, else the first; asked for when the
     *                window is open, so that OpenCL's drivers load meanwhile
     * @throws NoDisplayException when there is no display, or no OpenGL 3.3
     * @throws IOException        after the window was closed and the results were kept, for a file that could not be written
     */
    public static Summary run(RealtimeConfig config, Supplier<List<Device>> devices, ResultSink sink) throws IOException {
        try (RealtimeView view = new RealtimeView(config, devices, sink);
                Pictures pictures = new Pictures(config, view.surface, view::say)) {
            view.play(pictures);
            Optional<IOException> fault = view.keepFault.or(pictures::fault);
            if (fault.isPresent()) {
                throw fault.get();
            }
            FrameBudget times = view.budget;
            return new Summary(times.frames(), times.percentileMillis(0.5), times.percentileMillis(0.99), view.animation.points().points(),
                    view.animation.transfer(), (double) view.animation.hostBytes() / Math.max(1, times.frames()),
                    view.animation.device(), OpenGl.identity().get(1));
        }
    }

    private void play(Pictures pictures) {
        drawPoints();
        showTarget();
        long firstFrameNanos = 0;
        long last = System.nanoTime();
        while (!closing) {
            gestures.begin();
            surface.poll();
            gestures.end();
            long now = System.nanoTime();
            double seconds = (now - last) * 1e-9;
            if (ready) {
                budget.addFrame(now - last);
                renewPoints();
                compute(seconds);
            } else if (building.isPresent() && building.get().isDone()) {
                endBuilding();
            }
            last = now;
            closing |= sink.interrupted() || surface.closing()
                    || firstFrameNanos != 0 && (now - firstFrameNanos) * 1e-9 >= config.seconds().orElse(Double.MAX_VALUE);
            drawFrame(seconds);
            takePictures(pictures);
            budget.begin(Phase.PRESENT);
            surface.present();
            budget.endFrame();
            if (firstFrameNanos == 0) {
                firstFrameNanos = System.nanoTime();
                LOG.debug("first frame {} ms after the start", millisSinceStart());
                building = Optional.of(Background.start("kernels", this::buildKernels));
            }
        }
        if (!ready) {
            endBuilding();
        }
        if (!kept && (training.diverged() || training.hasTrained() && (sink.interrupted() || !training.running()))) {
            keep();
        }
        pictures.finish();
        LOG.debug("{} frames, the longest {} ms; {}", budget.frames(), Math.round(budget.percentileMillis(1)), budget);
    }

    private static long millisSinceStart() {
        return System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    /** Runs after the first frame, while the points of p0 are shown; until it ends nothing else uses the device. */
    private void buildKernels() {
        animation.prepare();
        if (config.model().isEmpty()) {
            training.train(densities.get(Which.P0), densities.get(Which.P1));
        } else {
            animation.restart(training);
            kept = true;
        }
    }

    /** Waits for the kernels, or throws what went wrong there; then applies the actions that waited for them. */
    private void endBuilding() {
        building.orElseThrow().get();
        LOG.debug("kernels are ready {} ms after the start", millisSinceStart());
        ready = true;
        waiting.forEach(this::apply);
    }

    /** Applies an action, at once or when the device is free. */
    private void accept(Action action) {
        boolean computes = action instanceof Action.SetDensity || action instanceof Action.Drop || action instanceof Action.PickPoint
                || action instanceof Command command && COMPUTING.contains(command);
        if (computes && !ready) {
            waiting.add(action);
        } else {
            apply(action);
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
            pointsAreOld |= set.count() != state.points;
            state.points = set.count();
        } else if (action instanceof Action.SetPlace set) {
            animation.moveTo(set.place());
        } else if (action instanceof Action.SetSolver set) {
            state.solver = set.solver();
            pathIsOld = true;
        } else if (action instanceof Action.SetPainted set) {
            state.painted = set.which();
            painting.take(densities.get(state.painted));
        } else if (action instanceof Action.SetDensity set) {
            changeDensities(() -> NamedDensities.find(set.name()).ifPresent(density -> densities.replace(set.which(), density)));
        } else if (action instanceof Action.Drop drop) {
            changeDensities(() -> densities.read(drop.files()));
        } else if (action instanceof Action.PickPoint pick) {
            animation.choose(camera.toX(pick.x()), camera.toY(pick.y()), PICK_PIXELS * scale / camera.side());
        } else if (action instanceof Action.MoveView move) {
            camera.move(move.dx(), move.dy());
        } else if (action instanceof Action.Zoom zoom) {
            camera.zoomAt(zoom.x(), zoom.y(), zoom.factor());
        } else if (action instanceof Action.Paint paint) {
            if (paint.startsStroke()) {
                painting.beginStroke();
            }
            painting.strokeTo(camera.toX(paint.x()), camera.toY(paint.y()), state.get(Quantity.BRUSH), paint.erases());
        }
    }

    private void flip(Switch setting) {
        state.set(setting, !state.is(setting));
        if (setting == Switch.REVERSE) {
            pointsAreOld = true;
            showTarget();
        } else if (setting == Switch.PAINT && state.is(Switch.PAINT)) {
            painting.take(densities.get(state.painted));
        } else if (setting == Switch.PAINT) {
            showTarget();
        }
    }

    private void execute(Command command) {
        switch (command) {
            case NEW_POINTS -> pointsAreOld = true;
            case STEP_BACK, STEP_FORWARD -> {
                state.set(Switch.PAUSE, state.is(Switch.PAUSE) || !training.running());
                animation.step(command == Command.STEP_BACK ? -1 : 1);
            }
            case TRAIN_OR_STOP -> {
                if (training.running()) {
                    training.stop();
                } else if (!training.resume()) {
                    kept = false;
                    training.train(densities.get(Which.P0), densities.get(Which.P1));
                }
            }
            case RESTART -> {
                kept = false;
                training.restart(densities.get(Which.P0), densities.get(Which.P1));
            }
            case EXPORT -> keep();
            case SCREENSHOT -> wantsScreenshot = true;
            case FULLSCREEN -> surface.setFullscreen(!surface.fullscreen());
            case RESET_VIEW -> camera.reset();
            case CLEAR_CANVAS -> painting.clear();
            case END_STROKE -> {
                try {
                    Density painted = painting.density();
                    changeDensities(() -> densities.replace(state.painted, painted));
                } catch (InvalidInputException e) {
                    say("an empty canvas is no density");
                }
            }
            case CLOSE -> closing = true;
        }
    }

    private void changeDensities(Runnable change) {
        boolean reverse = state.is(Switch.REVERSE);
        Density start = densities.start(reverse);
        Density canvas = densities.get(state.painted);
        change.run();
        kept = false;
        pointsAreOld |= densities.start(reverse) != start;
        Density now = densities.get(state.painted);
        if (state.is(Switch.PAINT) && now != canvas && !now.name().equals(Painting.NAME)) {
            painting.take(now);
        }
        showTarget();
    }

    /** Shows the density that the points shall arrive at behind them. */
    private void showTarget() {
        if (!state.is(Switch.PAINT)) {
            scene.setDensity(densities.target(state.is(Switch.REVERSE)));
        }
    }

    /** Draws points and computes their trajectories again, if an action asked for it. */
    private void renewPoints() {
        if (pointsAreOld) {
            drawPoints();
        }
        if (pointsAreOld || pathIsOld) {
            animation.restart(training);
        }
        pointsAreOld = false;
        pathIsOld = false;
    }

    private void drawPoints() {
        try {
            animation.draw(densities.start(state.is(Switch.REVERSE)));
        } catch (OpenClException e) {
            if (animation.points() == null) {
                throw e;
            }
            say(e.getMessage());
            state.points = animation.points().points();
            return;
        }
        scene.setStarts(animation.starts());
    }

    private void compute(double seconds) {
        budget.begin(Phase.TRAINING);
        boolean trained = training.running();
        if (!state.is(Switch.PAUSE)) {
            training.advance(budget.training());
        }
        budget.begin(Phase.MAP);
        animation.advance(training, trained, seconds, budget.map(training.running()));
        if (!kept && !animation.previewing() && (training.diverged() || training.hasTrained() && training.done() >= training.goal())) {
            kept = true;
            keep();
        }
    }

    private void keep() {
        String result = "nothing to keep";
        if (!training.diverged() || training.hasTrained()) {
            try {
                result = sink.keep(training.model(densities.get(Which.P0), densities.get(Which.P1)), training.history(),
                        animation.points().positionsAt(1));
                keepFault = Optional.empty();
            } catch (IOException e) {
                keepFault = Optional.of(e);
                result = Pictures.notWritten(e);
            }
        }
        say(training.diverged() ? divergence() + "; " + result : result);
    }

    private String divergence() {
        return String.format(Locale.ROOT, "the training diverged at iteration %,d: a smaller --lr than %s may help; the weights are"
                + " those after iteration %,d", training.divergedAt(), Float.toString(config.training().learningRate()), training.done());
    }

    private void drawFrame(double seconds) {
        budget.begin(Phase.DRAW);
        if (state.is(Switch.PAINT) && painting.takeChanged()) {
            scene.setLevels(painting.levels(), Painting.SIDE, Painting.SIDE);
        }
        camera.setScreen(surface.width(), surface.height(), state.is(Switch.PANEL) ? Panel.WIDTH * scale : 0);
        scene.draw(surface, new Scene(animation.points(), animation.grid(), animation.arrows(), animation.trajectory().orElse(null),
                state.is(Switch.DENSITY), state.is(Switch.PAINT), state.is(Switch.TRAILS), state.is(Switch.ADDITIVE_BLENDING),
                state.get(Quantity.POINT_SIZE)), seconds);
        budget.begin(Phase.PANEL);
        boolean isNew = (System.nanoTime() - messageNanos) * 1e-9 < MESSAGE_SECONDS;
        panel.layOut((int) (surface.width() / scale), (int) (surface.height() / scale), isNew ? message : "");
        canvas.draw(surface.width(), surface.height());
    }

    private void takePictures(Pictures pictures) {
        if (budget.frames() > 0) {
            pictures.record();
        }
        if (wantsScreenshot) {
            pictures.takeScreenshot();
            wantsScreenshot = false;
        }
        if (closing) {
            pictures.takeLastFrame();
        }
    }

    private void say(String text) {
        message = text;
        messageNanos = System.nanoTime();
        LOG.info("{}", text);
    }

    @Override
    public void close() {
        building.ifPresent(Background::close);
        resources.close();
    }
}
