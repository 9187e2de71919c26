package iadb.view;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.model.Network;
import iadb.plan.PlanSelector;
import iadb.sample.Solver;
import iadb.train.TrainingSettings;
import iadb.view.interop.Interop;
import iadb.view.scene.Camera;
import iadb.view.scene.Scene;
import iadb.view.scene.SceneRenderer;
import iadb.view.surface.EglSurface;
import iadb.view.surface.OpenGl;
import iadb.view.surface.GlfwSurface;
import iadb.view.surface.NoDisplayException;
import iadb.view.surface.Surface;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The show: points of p0 appear at once, the network learns while they are mapped again and again with the weights of
 * the moment, then their way is played. Everything happens on the calling thread, frame by frame; training and mapping
 * take a slice of each frame.
 */
public final class RealtimeView implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RealtimeView.class);
    private static final double MESSAGE_SECONDS = 6;
    private static final int PICK_PIXELS = 12;

    private final RealtimeConfig config;
    private final Keeper keeper;
    private final Resources resources = new Resources();
    private final Controls controls = new Controls();
    private final Camera camera = new Camera();
    private final FrameTimes times = new FrameTimes();
    private final FrameBudget budget;
    private final Surface surface;
    private final float scale; // pixels a unit of the desktop, as it was at first: letters and panel are made for it
    private final Context context;
    private final Interop interop;
    private final PanelCanvas canvas;
    private final Panel panel;
    private final Gestures gestures;
    private final SceneRenderer stage;
    private final Learning learning;
    private final Subjects subjects;
    private final Movement movement;
    private volatile Optional<String> message = Optional.empty();
    private volatile long messageNanos;
    private Optional<Background<Void>> building = Optional.empty(); // of kernels, on a thread that has the device meanwhile
    private int chosenPoint = -1;
    private int shownPoints;
    private boolean learned; // the last training came to its end and was kept
    private long hostBytesBefore;
    private boolean wasReverse;
    private Solver wasSolver = Solver.EULER;
    private Optional<IOException> keepFault = Optional.empty(); // the show goes on, and fails at its end

    private RealtimeView(RealtimeConfig config, Supplier<List<Device>> devices, Keeper keeper) {
        this.config = config;
        this.keeper = keeper;
        controls.points = config.points();
        try {
            surface = resources.add(config.offscreen() ? EglSurface.open(config.width(), config.height())
                    : GlfwSurface.open("iadb-cl", config.width(), config.height(), config.vsync()));
            interop = Interop.open(surface, devices.get(), config.share());
            context = resources.add(interop.context());
            budget = new FrameBudget(context.device().type() == Device.Type.CPU);
            scale = surface.scale();
            stage = resources.add(new SceneRenderer(camera, scale));
            canvas = resources.add(new PanelCanvas(scale));
            panel = new Panel(canvas.context());
            TrainingSettings training = config.training().withPlan(
                    PlanSelector.besideWindow(config.training().plan(), context.device()));
            Network network = config.model().orElseGet(() -> Network.initial(training.shape(), training.seed()));
            learning = resources.add(new Learning(context, training, network, keeper::losses,
                    keeper::restarted));
            movement = resources.add(new Movement(interop, network.shape(), config.steps(), training.seed()));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
        subjects = new Subjects(config, controls, stage, learning, this::say);
        gestures = new Gestures(canvas.context(), controls, camera, subjects, scale);
        surface.listen(gestures); // what it notes waits until the kernels are built
        context.onFirstUse(use -> {
            if (use.startsPhase()) {
                say(use.message());
            }
        });
    }

    /**
     * Opens the window and returns when it was closed. The calling thread must be the process's first on macOS.
     *
     * @param devices in the order of preference: the first that shares with OpenGL is taken, or else the first; asked for when
     *                the window is open, so that OpenCL's drivers may load meanwhile
     * @throws NoDisplayException when there is no display, or no OpenGL 3.3
     * @throws IOException        after the window was closed and what there was is kept, for a file that could not be written
     */
    public static RealtimeSummary run(RealtimeConfig config, Supplier<List<Device>> devices, Keeper keeper) throws IOException {
        try (RealtimeView view = new RealtimeView(config, devices, keeper);
                PictureTaker pictures = new PictureTaker(config, view.surface, view::say)) {
            view.play(pictures);
            Optional<IOException> fault = view.keepFault.or(pictures::fault);
            if (fault.isPresent()) {
                throw fault.get();
            }
            return view.summary();
        }
    }

    private void play(PictureTaker pictures) {
        drawPoints();
        subjects.showTarget();
        long firstFrameNanos = 0;
        long last = System.nanoTime();
        boolean ready = false;
        boolean closing = false;
        while (!closing) {
            gestures.begin();
            surface.poll();
            gestures.end();
            long now = System.nanoTime();
            double seconds = (now - last) * 1e-9;
            last = now;
            if (ready) {
                times.add((long) (seconds * 1e9));
                follow();
                compute(seconds);
            } else if (building.isPresent() && building.get().isDone()) {
                endBuilding();
                ready = true;
            }
            closing = keeper.interrupted() || surface.closing() || controls.take(Controls.Wish.CLOSE)
                    || firstFrameNanos != 0 && (now - firstFrameNanos) * 1e-9 >= config.seconds().orElse(Double.MAX_VALUE);
            drawFrame(seconds);
            takePictures(pictures, closing);
            budget.beginPresent();
            surface.present();
            budget.endFrame();
            if (firstFrameNanos == 0) {
                firstFrameNanos = System.nanoTime();
                LOG.debug("first frame {} ms after the start", millisSinceStart());
                building = Optional.of(Background.start("kernels", this::begin));
            }
        }
        if (!ready) {
            endBuilding();
        }
        if (!learned && (learning.diverged() || learning.hasTrained() && (keeper.interrupted() || !learning.running()))) {
            keep();
        }
        pictures.finish();
        LOG.debug("{} frames, the longest {} ms; {}", times.count(), Math.round(times.percentileMillis(1)), budget);
    }

    private static long millisSinceStart() {
        return System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    /** Waits until the kernels are built; throws what went wrong there. */
    private void endBuilding() {
        building.orElseThrow().get();
        LOG.debug("kernels are ready {} ms after the start", millisSinceStart());
    }

    /** After the first frame: kernels are built while the points of p0 are seen. Until the end nothing else uses the device. */
    private void begin() {
        movement.prepare();
        if (config.model().isEmpty()) {
            learning.train(subjects.p0(), subjects.p1());
        } else {
            movement.restart(learning);
            learned = true;
        }
    }

    private void drawPoints() {
        long hostBytes = movement.flow() == null ? 0 : movement.hostBytes();
        try {
            movement.draw(subjects.base(), controls.points);
        } catch (OpenClException e) {
            if (movement.flow() == null) {
                throw e;
            }
            say(e.getMessage());
            controls.points = shownPoints;
            return;
        }
        hostBytesBefore += hostBytes;
        shownPoints = controls.points;
        stage.setStarts(movement.starts());
        chosenPoint = -1;
    }

    /** Does what was asked for since the last frame. */
    private void follow() {
        Subjects.Change change = subjects.follow(gestures);
        if (change.density()) {
            learned = false;
        }
        boolean direction = controls.reverse != wasReverse;
        boolean way = direction || controls.solver != wasSolver;
        if (way) {
            wasReverse = controls.reverse;
            wasSolver = controls.solver;
            movement.setWay(controls.solver, controls.reverse);
        }
        if (direction) {
            subjects.showTarget();
        }
        if (controls.take(Controls.Wish.NEW_POINTS) || controls.points != shownPoints || direction || change.base()) {
            drawPoints();
            movement.restart(learning);
        } else if (way) {
            movement.restart(learning);
        }
        if (controls.take(Controls.Wish.TRAIN)) {
            if (learning.running()) {
                learning.stop();
            } else if (!learning.goOn()) {
                learned = false;
                learning.train(subjects.p0(), subjects.p1());
            }
        }
        if (controls.take(Controls.Wish.RESTART)) {
            learned = false;
            learning.restart(subjects.p0(), subjects.p1());
        }
        if (controls.take(Controls.Wish.EXPORT)) {
            keep();
        }
        if (controls.take(Controls.Wish.FULLSCREEN)) {
            surface.setFullscreen(!surface.fullscreen());
        }
        if (controls.take(Controls.Wish.RESET_VIEW)) {
            camera.reset();
        }
        double[] click = gestures.takeClick();
        if (click != null) {
            chosenPoint = movement.nearest(click[0], click[1], PICK_PIXELS * scale / camera.side());
        }
    }

    private void compute(double seconds) {
        budget.beginTraining();
        boolean learns = learning.running();
        if (!controls.paused) {
            learning.advance(budget.training());
        }
        budget.beginMap();
        long before = movement.transferNanos();
        movement.advance(learning, learns, controls, seconds, budget.map(learning.running()));
        budget.addTransfer(movement.transferNanos() - before);
        if (!learned && !movement.live() && (learning.diverged() || learning.hasTrained() && learning.done() >= learning.goal())) {
            learned = true;
            keep();
        }
    }

    private void keep() {
        String kept = "nothing to keep";
        if (!learning.diverged() || learning.hasTrained()) {
            try {
                kept = keeper.keep(learning.snapshot(), learning.done(), subjects.p0(), subjects.p1(), movement.flow().positionsAt(1));
                keepFault = Optional.empty();
            } catch (IOException e) {
                keepFault = Optional.of(e);
                kept = PictureTaker.notWritten(e);
            }
        }
        say(learning.diverged() ? divergence() + "; " + kept : kept);
    }

    private String divergence() {
        return String.format(Locale.ROOT, "the training diverged at iteration %,d: a smaller --lr than %s may help; the weights are"
                + " those after iteration %,d", learning.divergedAt(), Float.toString(config.training().learningRate()),
                learning.done());
    }

    private void drawFrame(double seconds) {
        budget.beginDraw();
        camera.setScreen(surface.width(), surface.height(), controls.panel ? Panel.WIDTH * scale : 0);
        float[] way = chosenPoint < 0 ? null : movement.flow().trajectoryOf(chosenPoint);
        Scene scene = new Scene(movement.flow(), controls.grid ? movement.grid() : null, controls.field ? movement.arrows() : null, way,
                controls.density, controls.painting, controls.trails, controls.glow, controls.pointSize);
        stage.draw(surface, scene, seconds);
        budget.beginPanel();
        Panel.Status status = StatusText.of(learning, movement, times, interop.transfer(), context.device().name(),
                chosenPoint, way);
        panel.layOut(controls, status, (int) (surface.width() / scale), (int) (surface.height() / scale),
                movement.place(), movement.alpha(), learning.running(), messageNow());
        canvas.draw(surface.width(), surface.height());
    }

    private Optional<String> messageNow() {
        return (System.nanoTime() - messageNanos) * 1e-9 < MESSAGE_SECONDS ? message : Optional.empty();
    }

    private void say(String text) {
        message = Optional.of(text);
        messageNanos = System.nanoTime();
        LOG.info("{}", text);
    }

    private void takePictures(PictureTaker pictures, boolean last) {
        if (times.count() > 0) {
            pictures.record();
        }
        if (controls.take(Controls.Wish.SCREENSHOT)) {
            pictures.takeScreenshot();
        }
        if (last) {
            pictures.takeLastFrame();
        }
    }

    private RealtimeSummary summary() {
        double hostBytes = (double) hostBytesBefore + movement.hostBytes();
        return new RealtimeSummary(times.count(), times.percentileMillis(0.5), times.percentileMillis(0.99),
                shownPoints, interop.transfer(), hostBytes / Math.max(1, times.count()), context.device().name(),
                OpenGl.identity()[1]);
    }

    @Override
    public void close() {
        building.ifPresent(Background::close);
        resources.close();
    }
}
