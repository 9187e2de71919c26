package iadb.view;

import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.model.Network;
import iadb.plan.PlanSelector;
import iadb.train.TrainingSettings;
import iadb.view.LiveTraining.Prepared;
import iadb.view.RealtimeConfig.Shown;
import iadb.view.interop.Interop;
import iadb.view.scene.Camera;
import iadb.view.scene.SceneRenderer;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One of the maps that the window shows: its training, its points, their distance from the target, and their drawing. */
final class Tile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Tile.class);

    private final Resources resources = new Resources();
    private final LiveTraining training;
    private final PointAnimation animation;
    private final LiveDistance distance;
    private final SceneRenderer scene;
    private Optional<String> file; // of the model whose weights these are, apart from later training
    private Optional<Chosen> before = Optional.empty(); // to return to if the device cannot hold the network of later choices
    private Prepared prepared; // null: no session waits for its training to begin
    private boolean trains; // as soon as the kernels are built; otherwise the given model is played
    private boolean kept; // the result of the latest training was passed to the sink

    /** How a tile trains, and the steps of its map. */
    record Chosen(TrainingSettings settings, int steps) { }

    /** What {@link #change} did. */
    enum Change { NONE, SETTINGS, NETWORK }

    /** @param scale pixels per desktop unit */
    Tile(Shown shown, Interop interop, ViewState state, Playback playback, Camera camera, float scale) {
        file = shown.file();
        trains = shown.model().isEmpty();
        kept = !trains;
        TrainingSettings settings = shown.training()
                .withPlan(PlanSelector.planForWindow(shown.training().plan(), interop.context().device()));
        Network network = shown.model().orElseGet(settings::initialNetwork);
        try {
            scene = resources.add(new SceneRenderer(camera, scale));
            training = resources.add(new LiveTraining(interop.context(), settings, network));
            animation = resources.add(new PointAnimation(interop, shown.steps(), training, state, playback));
            distance = resources.add(new LiveDistance(interop.context(), settings.seed()));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    LiveTraining training() { return training; }

    PointAnimation animation() { return animation; }

    LiveDistance distance() { return distance; }

    SceneRenderer scene() { return scene; }

    /** A name for the map if it began as a given model. */
    Optional<String> modelName() { return file.map(name -> training.hasTrained() ? name + ", trained further" : name); }

    Chosen chosen() { return new Chosen(training.settings(), animation.steps()); }

    /**
     * Builds the kernels, and the session of the training that begins next; for another thread, while nothing else uses the device.
     *
     * @param shouldContinue whether points are still to be paired
     */
    void prepare(Density p0, Density p1, BooleanSupplier shouldContinue) {
        animation.prepare();
        if (trains) {
            try {
                prepared = training.prepare(p0, p1, shouldContinue);
            } catch (CancellationException e) {
                LOG.debug("closed while points were paired");
            }
        }
    }

    /** Starts the training that is prepared, or plays the model if there is none. */
    void begin() {
        before = Optional.empty();
        if (prepared == null) {
            animation.restart();
            return;
        }
        training.begin(prepared);
        prepared = null;
    }

    /**
     * Trains by other settings. If the network differs, {@link #prepare} and {@link #begin} must follow.
     *
     * @throws DeviceLimitException when the device cannot hold it: the settings stay
     */
    Change change(Chosen wanted, Density p0, Density p1) {
        Chosen last = chosen();
        if (wanted.equals(last)) {
            return Change.NONE;
        }
        boolean sameNetwork = training.train(wanted.settings(), p0, p1);
        if (!sameNetwork) {
            before = Optional.of(last);
            trains = true;
            file = Optional.empty();
        }
        kept = false;
        animation.setSteps(wanted.steps());
        return sameNetwork ? Change.SETTINGS : Change.NETWORK;
    }

    /** Trains from fresh weights. */
    void restart(Density p0, Density p1) {
        kept = false;
        file = Optional.empty();
        training.restart(p0, p1);
    }

    /** Takes what was chosen before the network that the device cannot hold; empty if that is not known. */
    Optional<Chosen> takeBefore() {
        Optional<Chosen> last = before;
        before = Optional.empty();
        return last;
    }

    /** Notes that the result will have to be passed to the sink again. */
    void forgetKept() { kept = false; }

    /** Whether a training has ended whose result was not passed to the sink; it counts as passed from now on. */
    boolean takeEnded() {
        boolean ended = !kept && !animation.previewing() && training.ended();
        kept |= ended;
        return ended;
    }

    /** Whether the window, when it closes, must pass the result to the sink. */
    boolean mustKeep(boolean interrupted) {
        return !kept && (training.diverged() || training.hasTrained() && (interrupted || !training.running()));
    }

    @Override
    public void close() {
        if (prepared != null) {
            prepared.close();
        }
        resources.close();
    }
}
