package iadb.view;

import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.model.Network;
import iadb.plan.PlanSelector;
import iadb.train.TrainingSettings;
import iadb.view.LiveDistance.Fresh;
import iadb.view.LiveTraining.Prepared;
import iadb.view.RealtimeConfig.Shown;
import iadb.view.interop.Interop;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One of the maps that the window shows: its training, its points, and their distance from the target. */
final class Tile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Tile.class);

    private final Resources resources = new Resources();
    private final LiveTraining training;
    private final PointAnimation animation;
    private final LiveDistance distance;
    private Optional<String> model; // whose weights these are, apart from later training
    private Optional<Chosen> before = Optional.empty(); // to return to if the device cannot hold the network of later choices
    private Prepared prepared; // null: no session waits for its training to begin
    private boolean trains; // as soon as the kernels are built; otherwise the given model is played
    private boolean building = true; // its kernels
    private boolean saved; // the result of the latest training
    private Optional<IOException> saveFault = Optional.empty(); // why the latest result was not written

    /** How a tile trains, and the steps of its map. */
    record Chosen(TrainingSettings settings, int steps) { }

    /** What the tiles of a window share. */
    record Shared(Interop interop, ViewState state, Playback playback, long seed, AtomicReference<Round> transported,
            AtomicReference<Fresh> fresh) { }

    Tile(Shown shown, Shared with) {
        model = shown.modelName();
        trains = shown.model().isEmpty();
        saved = !trains;
        TrainingSettings settings = shown.training()
                .withPlan(PlanSelector.planForWindow(shown.training().plan(), with.interop().context().device()));
        Network network = shown.model().orElseGet(settings::initialNetwork);
        try {
            training = resources.add(new LiveTraining(with.interop().context(), settings, network, with.transported()));
            animation = resources.add(new PointAnimation(with.interop(), shown.steps(), training, with.state(), with.playback()));
            distance = resources.add(new LiveDistance(with.interop().context(), with.seed(), with.fresh()));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    LiveTraining training() { return training; }

    PointAnimation animation() { return animation; }

    LiveDistance distance() { return distance; }

    /** A name for the map if it began as a given model. */
    Optional<String> modelName() { return model.map(name -> training.hasTrained() ? name + ", trained further" : name); }

    /** Whether it shows a given model that is not trained. */
    boolean showsModel() { return model.isPresent() && !training.hasTrained() && !training.active(); }

    /** Whether its kernels are being built. */
    boolean isBuilding() { return building; }

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

    /** Starts the prepared training, or plays the given model. */
    void begin() {
        before = Optional.empty();
        building = false;
        if (prepared == null) {
            animation.restart();
            return;
        }
        training.begin(prepared);
        prepared = null;
    }

    /**
     * Trains by other settings.
     *
     * @return whether the network differs, so that {@link #prepare} and {@link #begin} must follow
     * @throws DeviceLimitException when the device cannot hold it: the settings stay
     */
    boolean change(Chosen wanted, Density p0, Density p1) {
        Chosen last = chosen();
        if (wanted.equals(last)) {
            return false;
        }
        building = !training.train(wanted.settings(), p0, p1);
        if (building) {
            before = Optional.of(last);
            trains = true;
            model = Optional.empty();
        }
        saved = false;
        animation.setSteps(wanted.steps());
        return building;
    }

    /** Trains further, from the current weights. */
    void train(Density p0, Density p1) {
        saved = false;
        training.train(p0, p1);
    }

    /** Trains from fresh weights. */
    void restart(Density p0, Density p1) {
        saved = false;
        model = Optional.empty();
        training.restart(p0, p1);
    }

    /** Takes what was chosen before the network that the device cannot hold; empty if that is not known. */
    Optional<Chosen> takePreviousChoice() {
        Optional<Chosen> last = before;
        before = Optional.empty();
        return last;
    }

    void markUnsaved() { saved = false; }

    /** Whether a training has ended whose result is not saved; it counts as saved from now on. */
    boolean takeUnsavedResult() {
        boolean ended = !saved && !animation.previewing() && training.ended();
        saved |= ended;
        return ended;
    }

    /** Whether the result must be saved when the window closes. */
    boolean mustSave(boolean interrupted) {
        return !saved && (training.diverged() || training.hasTrained() && (interrupted || !training.running()));
    }

    void setSaveFault(Optional<IOException> fault) { saveFault = fault; }

    /** Why the latest result was not written. */
    Optional<IOException> saveFault() { return saveFault; }

    @Override
    public void close() {
        if (prepared != null) {
            prepared.close();
        }
        resources.close();
    }
}
