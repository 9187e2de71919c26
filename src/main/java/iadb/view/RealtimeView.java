package iadb.view;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.model.Model;
import iadb.train.LossHistory;
import iadb.train.TrainingSession.Side;
import iadb.view.Action.Command;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import iadb.view.FrameBudget.Phase;
import iadb.view.Tile.Chosen;
import iadb.view.interop.Interop;
import iadb.view.scene.Camera;
import iadb.view.scene.SceneRenderer;
import iadb.view.scene.TileGrid;
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
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The window. It shows points of p0, maps them again and again while the network is trained, then plays their trajectories; with
 * several maps, in tiles side by side. It owns the {@link ViewState} and applies every {@link Action}. Everything but the building of
 * kernels runs on the calling thread; training and mapping get a slice of each frame.
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
    private final Tiles tiles;
    private final DensityPair densities;
    private final List<Action> actions = new ArrayList<>(); // not yet applied
    private final KernelBuild kernels = new KernelBuild();
    private List<Tile> built = List.of(); // whose kernels are built
    private boolean needsPoints;       // the next frame draws new points
    private boolean needsTrajectories; // the next frame starts a new pass of the same points
    private boolean needsScreenshot;
    private volatile boolean closing; // read while the kernels are built
    private volatile String message = "";
    private volatile long messageNanos;

    /** Receives the results of the window. The window itself writes only pictures. */
    public interface ResultSink {
        /** Whether the program was asked to stop. */
        boolean interrupted();

        /**
         * Writes the results, when a training has ended or the user asks for it.
         *
         * @param folder of the tile's results, unlike that of any other; empty if there is only one tile
         * @param losses of the training; empty if the model was loaded
         * @param points the end points of the trajectories in the window, [N, 2]
         * @return a message for the window
         * @throws IOException when the results cannot be written: the window shows the fault and stays open
         */
        String keep(String folder, Model model, LossHistory losses, float[] points) throws IOException;
    }

    /**
     * The statistics of a window that has closed.
     *
     * @param frames            shown since the kernels were built
     * @param frameMillisMedian the median time between two frames; NaN without a frame
     * @param frameMillis99     the 99th percentile of that time
     * @param points            in each tile
     * @param transfer          {@code shared} or {@code copied}
     * @param hostBytesPerFrame bytes of points copied by the host
     * @param tiles             what each tile showed at the end
     */
    public record Summary(int frames, double frameMillisMedian, double frameMillis99, int points, String transfer,
            double hostBytesPerFrame, String device, String glRenderer, List<TileSummary> tiles) { }

    /**
     * What a tile showed at the end.
     *
     * @param name       what sets its map apart; empty if there is only one tile
     * @param iterations behind its weights, without those of a given model
     * @param distance   the latest sliced Wasserstein-1 distance of its points from the target, in the user's units; empty if none was
     *                   measured
     */
    public record TileSummary(String name, int iterations, OptionalDouble distance) { }

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
            canvas = resources.add(new PanelCanvas(scale));
            tiles = resources.add(new Tiles(config, interop, state, camera, scale, this::showMessage));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
        densities = resources.add(new DensityPair(config.p0(), config.p1(), config.invert(), config.invertHint(), tiles.trainings(),
                this::showMessage, this::replaced));
        Status status = new Status(canvas, state, densities, tiles, interop, budget);
        panel = new Panel(canvas, state, densities, tiles, status, actions::add);
        gestures = new Gestures(canvas.context(), state, camera, action -> {
            actions.add(action);
            applyActions(); // the meaning of the next event may depend on it, such as a press after a key
        }, scale);
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
            Optional<IOException> fault = view.saveFault().or(pictures::fault);
            if (fault.isPresent()) {
                throw fault.get();
            }
            return view.summary();
        }
    }

    private Optional<IOException> saveFault() {
        return StreamSupport.stream(tiles.spliterator(), false).flatMap(tile -> tile.saveFault().stream()).findFirst();
    }

    private Summary summary() {
        double side = densities.box().side();
        List<String> names = tiles.names();
        List<TileSummary> each = IntStream.range(0, tiles.count()).mapToObj(tile -> new TileSummary(names.get(tile),
                tiles.get(tile).training().done(), tiles.get(tile).distance().latest().stream()
                .mapToDouble(figure -> side * figure.distance()).findFirst())).toList();
        return new Summary(budget.frames(), budget.percentileMillis(0.5), budget.percentileMillis(0.99), tiles.points(),
                interop.transfer(), budget.frames() == 0 ? 0 : (double) tiles.hostBytes() / budget.frames(),
                interop.context().device().name(), OpenGl.identity().get(1), each);
    }

    private void play(Pictures pictures) {
        tiles.draw(densities.start(state.is(Switch.REVERSE)));
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
                List<Tile> all = new ArrayList<>();
                tiles.forEach(all::add);
                buildInBackground(all);
            }
        }
        try {
            if (!kernels.isReady()) {
                start();
            }
        } finally { // results of other tiles than the one whose kernels could not be built
            save(tile -> tile.mustSave(sink.interrupted()));
        }
        pictures.finish();
        LOG.debug("{} frames, the longest {} ms; mean times in ms: {}", budget.frames(), Math.round(budget.percentileMillis(1)),
                budget.meanMillis());
    }

    private static long millisSinceStart() {
        return System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    /**
     * Builds kernels on another thread, while the window shows points of p0 or, after a change of a network, its last points. Actions
     * that need the kernels wait, so that none changes what it reads.
     */
    private void buildInBackground(List<Tile> of) {
        Density p0 = densities.get(Side.P0);
        Density p1 = densities.get(Side.P1);
        built = of;
        kernels.start(() -> of.forEach(tile -> tile.prepare(p0, p1, () -> !closing)));
    }

    /** Starts the trainings whose kernels are built, and the playback of given models. */
    private void start() {
        kernels.take();
        LOG.debug("kernels are ready {} ms after the start", millisSinceStart());
        built.forEach(Tile::begin);
    }

    /** Starts what the kernels were built for, or returns to the network before if the device cannot hold the new one. */
    private void finishBuilding() {
        try {
            start();
        } catch (DeviceLimitException e) {
            Tile tile = built.get(0);
            Chosen last = tile.takePreviousChoice().orElseThrow(() -> e);
            change(tile, last);
            tile.takePreviousChoice(); // that choice has no predecessor
            showMessage(tiles.about(tile, e.getMessage()));
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
            tiles.playback().moveTo(set.progress());
        } else if (action instanceof Action.SetSolver set) {
            needsTrajectories |= set.solver() != state.solver;
            state.solver = set.solver();
        } else if (action instanceof Action.SetCoupling set) {
            Chosen now = tiles.chosen().chosen();
            change(tiles.chosen(), new Chosen(now.settings().withCoupling(set.coupling()), now.steps()));
        } else if (action instanceof Action.SetEncoding set) {
            Tile tile = tiles.chosen();
            change(tile, new Chosen(tile.training().settings(set.encodes()), tile.chosen().steps()));
        } else if (action instanceof Action.SetPreset set) {
            Tile tile = tiles.chosen();
            change(tile, new Chosen(set.preset().settingsLike(tile.chosen().settings()), set.preset().steps()));
        } else if (action instanceof Action.SetTile set) {
            state.tile = Math.min(set.tile(), tiles.count() - 1);
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
            state.tile = pick.tile();
            tiles.choosePoint(pick.tile(), pick.x(), pick.y(), pick.reach());
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
        } else if (setting == Switch.PAIRS && state.is(Switch.PAIRS)
                && tiles.trainings().stream().noneMatch(LiveTraining::hasPairs)) {
            showMessage("pairs are those of a training, and there is none yet");
        }
    }

    /** Trains a tile by other settings; if the network differs, after its kernels are built in the background as at the start. */
    private void change(Tile tile, Chosen wanted) {
        try {
            if (tile.change(wanted, densities.get(Side.P0), densities.get(Side.P1))) {
                showMessage(tiles.about(tile, "another network: training starts again from fresh weights"));
                buildInBackground(List.of(tile));
            }
        } catch (DeviceLimitException e) {
            showMessage(tiles.about(tile, e.getMessage()));
        }
    }

    private void execute(Command command) {
        switch (command) {
            case NEW_POINTS -> needsPoints = true;
            case STEP_BACK, STEP_FORWARD -> {
                state.set(Switch.PAUSE, state.is(Switch.PAUSE) || tiles.trainings().stream().noneMatch(LiveTraining::running));
                tiles.step(command == Command.STEP_BACK ? -1 : 1);
            }
            case TRAIN_OR_STOP -> tiles.trainOrStop(densities.get(Side.P0), densities.get(Side.P1));
            case RESTART -> tiles.restartTraining(densities.get(Side.P0), densities.get(Side.P1));
            case REFLOW -> {
                if (tiles.chosen().training().reflow(densities.get(Side.P0), densities.get(Side.P1))) {
                    tiles.chosen().markUnsaved();
                } else {
                    showMessage(tiles.about(tiles.chosen(), "the training has diverged: restart it before reflow"));
                }
            }
            case EXPORT -> save(tile -> true);
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
        tiles.forEach(Tile::markUnsaved);
        needsPoints |= densities.get(side) == densities.start(state.is(Switch.REVERSE));
        if (state.is(Switch.PAINT) && side == state.painted && !densities.get(side).name().equals(Painting.NAME)) {
            painting.copy(densities.get(side));
        }
        showTarget();
    }

    /** Draws the target density behind the points, unless the canvas of the brush is drawn there. */
    private void showTarget() {
        if (!state.is(Switch.PAINT)) {
            tiles.scene().setDensity(densities.start(!state.is(Switch.REVERSE)));
        }
    }

    private void compute(double seconds) {
        if (needsPoints) {
            tiles.draw(densities.start(state.is(Switch.REVERSE)));
        }
        if (needsPoints || needsTrajectories) {
            tiles.restart();
        }
        needsPoints = false;
        needsTrajectories = false;
        tiles.advance(densities.start(!state.is(Switch.REVERSE)), seconds, budget);
        save(Tile::takeUnsavedResult);
    }

    /** Passes the results of the tiles to the sink, and shows one message for all. */
    private void save(Predicate<Tile> which) {
        String said = StreamSupport.stream(tiles.spliterator(), false).filter(which).map(tile -> tiles.about(tile, save(tile)))
                .collect(Collectors.joining("; "));
        if (!said.isEmpty()) {
            showMessage(said);
        }
    }

    private String save(Tile tile) {
        LiveTraining training = tile.training();
        String result = "nothing to keep";
        if (!training.diverged() || training.hasTrained()) {
            try {
                result = sink.keep(tiles.folder(tile), training.model(densities.get(Side.P0), densities.get(Side.P1)), training.history(),
                        tile.animation().points().positionsAt(1));
                tile.setSaveFault(Optional.empty());
            } catch (IOException e) {
                tile.setSaveFault(Optional.of(e));
                result = Pictures.notWritten(e);
            }
        }
        return !training.diverged() ? result : String.format(Locale.ROOT, "the training diverged at iteration %,d:"
                + " a learning rate below %s may help; the weights are those after iteration %,d; %s", training.divergedAt(),
                Float.toString(training.learningRate()), training.done(), result);
    }

    private void drawFrame(double seconds) {
        budget.begin(Phase.DRAW);
        if (state.is(Switch.PAINT) && painting.takeChanged()) {
            tiles.scene().setLevels(painting.levels(), Painting.SIDE, Painting.SIDE);
        }
        camera.setTiles(TileGrid.of(tiles.count(), surface.width(), surface.height(),
                state.is(Switch.PANEL) ? Math.round(Panel.WIDTH * scale) : 0, tiles.count() == 1 ? 0 : Math.round(Status.TITLE * scale)));
        SceneRenderer.clear(surface);
        for (int tile = 0; tile < tiles.count(); tile++) {
            drawTile(tile, seconds);
        }
        budget.begin(Phase.PANEL);
        panel.layOut((int) (surface.width() / scale), (int) (surface.height() / scale), camera.tiles(), scale,
                System.nanoTime() - messageNanos < MESSAGE_NANOS ? message : "");
        canvas.draw(surface.width(), surface.height());
    }

    private void drawTile(int tile, double seconds) {
        if (kernels.isReady() && state.is(Switch.PAIRS)) {
            tiles.get(tile).training().newPairs().ifPresent(pairs -> tiles.scene().setPairs(tile, pairs));
        }
        tiles.scene().draw(surface, tile, tiles.get(tile).animation().scene(), seconds);
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
