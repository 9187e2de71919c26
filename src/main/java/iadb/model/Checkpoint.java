package iadb.model;

import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.fault.InvalidInputException.Setting;
import iadb.file.Safetensors;
import iadb.file.Safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a training needs to continue with the same bits, and its safetensors file. Rows are drawn by (seed, step), so
 * the step is the whole state of the generator.
 *
 * <p>In the file, the model's tensors are the current weights, {@code adam.m.*} and {@code adam.v.*} Adam's moments,
 * {@code ema.*} the average of the weights, {@code round.*} the weights at the start of a reflow round, and {@code losses} the
 * rows of the loss so far. The metadata hold the step, both densities as a model file does, and the settings.
 *
 * @param weights the current weights after {@code step} steps; no array is copied
 * @param moment1 [shape.bufferFloats()], Adam's first moment
 * @param moment2 [shape.bufferFloats()], Adam's second moment
 * @param average the average of the weights; empty if the training keeps none
 * @param step    completed training steps
 */
public record Checkpoint(Network weights, float[] moment1, float[] moment2, Optional<Network> average, int step) {
    /** Metadata of the coupling, for a training whose rows are not independent. */
    public static final String COUPLING = "coupling";

    /** Metadata of the reflow rounds, for a training that has some. */
    public static final String REFLOW = "reflow";

    private static final String FORMAT_PREFIX = "iadb-cl-checkpoint";
    private static final String FORMAT = "iadb-cl-checkpoint-1";
    private static final String FORMAT_OF_PAIRS = "iadb-cl-checkpoint-2"; // holds COUPLING or REFLOW, which readers of 1 ignore

    private static final String STEP_KEY = "step";
    private static final String MOMENT1 = "adam.m.";
    private static final String MOMENT2 = "adam.v.";
    private static final String AVERAGE = "ema.";
    private static final String ROUND_START = "round.";
    private static final String LOSSES = "losses";

    public Checkpoint {
        int floats = weights.shape().bufferFloats();
        if (moment1.length != floats || moment2.length != floats || step < 0) {
            throw new IllegalArgumentException("%s and %s floats for %s, step %s".formatted(moment1.length, moment2.length,
                    weights.shape(), step));
        }
    }

    /**
     * The state before the first step.
     *
     * @param averages whether the training keeps an average of the weights
     */
    public static Checkpoint start(Network weights, boolean averages) {
        int floats = weights.shape().bufferFloats();
        return new Checkpoint(weights, new float[floats], new float[floats], averages ? Optional.of(weights) : Optional.empty(), 0);
    }

    /** Whether no weight, moment or average is infinite or NaN. */
    public boolean isFinite() {
        NetworkShape shape = weights.shape();
        return weights.isFinite() && new Network(shape, moment1).isFinite() && new Network(shape, moment2).isFinite()
                && result().isFinite();
    }

    /** The same state, with its steps counted from another first step. */
    public Checkpoint withStep(int other) { return new Checkpoint(weights, moment1, moment2, average, other); }

    /** The weights to save and to map with: the average if there is one, otherwise the current weights. */
    public Network result() { return average.orElse(weights); }

    /**
     * What a checkpoint file holds.
     *
     * @param checkpoint weights, moments, average and step, which counts over all rounds
     * @param p0         empty if the file holds only its hash
     * @param p1         empty if the file holds only its hash
     * @param losses     rows of the loss so far; the metadata hold the number of steps in each
     * @param metadata   the settings, as text by key
     * @param roundStart the weights whose map gave the pairs of the current reflow round; empty before the first such round
     */
    public record Contents(Checkpoint checkpoint, Optional<Density> p0, Optional<Density> p1, float[] losses,
            Map<String, String> metadata, Optional<Network> roundStart) {
        /** The model at this point of the training. */
        public Model model() { return new Model(checkpoint.result(), p0, p1, metadata); }

        /**
         * p0 or p1: the file's, or the given one if the file holds only its hash.
         *
         * @throws InvalidInputException if neither or both exist, or the given one is not the training's
         */
        public Density density(boolean first, Optional<Density> given, String file) {
            String key = first ? "p0" : "p1";
            Setting setting = first ? Setting.P0 : Setting.P1;
            Optional<Density> held = first ? p0 : p1;
            if (held.isPresent() && given.isPresent()) {
                throw new InvalidInputException("%s holds its %s: no other can be given".formatted(file, key), setting);
            }
            Density density = held.or(() -> given).orElseThrow(() -> new InvalidInputException(
                    "%s does not hold its %s: it must be given".formatted(file, key), setting));
            DensityMetadata.mismatch(metadata, key, density, file).ifPresent(fault -> {
                throw new InvalidInputException(fault, setting);
            });
            return density;
        }
    }

    /** Writes a checkpoint; an earlier file is replaced only when the new one is complete. */
    public static void write(Path file, Contents contents) throws IOException {
        Checkpoint checkpoint = contents.checkpoint();
        NetworkShape shape = checkpoint.weights().shape();
        List<Tensor> tensors = new ArrayList<>(checkpoint.weights().tensors());
        add(tensors, MOMENT1, new Network(shape, checkpoint.moment1()));
        add(tensors, MOMENT2, new Network(shape, checkpoint.moment2()));
        checkpoint.average().ifPresent(average -> add(tensors, AVERAGE, average));
        contents.roundStart().ifPresent(start -> add(tensors, ROUND_START, start));
        tensors.add(new Tensor(LOSSES, new int[] {contents.losses().length}, contents.losses()));
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        metadata.put(Model.FORMAT_KEY, metadata.containsKey(COUPLING) || metadata.containsKey(REFLOW) ? FORMAT_OF_PAIRS : FORMAT);
        metadata.put(STEP_KEY, Integer.toString(checkpoint.step()));
        contents.p0().ifPresent(density -> DensityMetadata.put(metadata, "p0", density));
        contents.p1().ifPresent(density -> DensityMetadata.put(metadata, "p1", density));
        Safetensors.write(file, tensors, metadata);
    }

    private static void add(List<Tensor> tensors, String prefix, Network network) {
        network.layers().forEach(t -> tensors.add(new Tensor(prefix + t.name(), t.shape(), t.data())));
    }

    /**
     * Reads a checkpoint.
     *
     * @throws InvalidInputException if the file is missing or not a checkpoint of this program
     */
    public static Contents read(Path file) {
        Safetensors.Contents contents = Safetensors.read(file);
        String name = file.toString();
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        String format = String.valueOf(metadata.remove(Model.FORMAT_KEY));
        if (!isFormat(format)) {
            throw new InvalidInputException(name + " is not a checkpoint of a training", Setting.CHECKPOINTS);
        }
        if (!format.equals(FORMAT)) {
            Model.requireKnown(format, FORMAT_OF_PAIRS, name);
        }
        Map<String, Tensor> weights = new LinkedHashMap<>(contents.tensors());
        Tensor losses = weights.remove(LOSSES);
        Network moment1 = take(weights, MOMENT1, name).orElseThrow(() -> missing(MOMENT1 + "*", name)).withoutDirections();
        Network moment2 = take(weights, MOMENT2, name).orElseThrow(() -> missing(MOMENT2 + "*", name)).withoutDirections();
        Optional<Network> average = take(weights, AVERAGE, name);
        Optional<Network> roundStart = take(weights, ROUND_START, name);
        Network network = Network.of(weights, name);
        for (Network other : List.of(moment1, moment2, average.orElse(network))) {
            if (!other.shape().equals(network.shape())) {
                throw new InvalidInputException(name + ": its optimizer state is that of another network");
            }
        }
        if (roundStart.isPresent() && !(roundStart.get().shape().equals(network.shape()) && roundStart.get().isFinite())) {
            throw new InvalidInputException(name
                    + ": the weights at the start of its round are not finite or those of another network");
        }
        for (float square : moment2.parameters()) {
            if (square < 0) {
                throw new InvalidInputException(name + ": a second moment is below 0: the file is damaged");
            }
        }
        if (losses == null || losses.shape().length != 1) {
            throw missing(LOSSES, name);
        }
        int step = step(metadata.remove(STEP_KEY), name);
        return new Contents(new Checkpoint(network, moment1.parameters(), moment2.parameters(), average, step),
                DensityMetadata.take(metadata, "p0", name), DensityMetadata.take(metadata, "p1", name), losses.data(),
                Map.copyOf(metadata), roundStart);
    }

    static boolean isFormat(String format) { return format != null && format.startsWith(FORMAT_PREFIX); }

    /** Removes the tensors of a prefix and returns them as a network with the directions of the weights; empty if there are none. */
    private static Optional<Network> take(Map<String, Tensor> tensors, String prefix, String file) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        tensors.values().stream().filter(tensor -> tensor.name().startsWith(prefix)).forEach(tensor -> {
            String name = tensor.name().substring(prefix.length());
            found.put(name, new Tensor(name, tensor.shape(), tensor.data()));
        });
        tensors.keySet().removeIf(name -> name.startsWith(prefix));
        if (!found.isEmpty() && tensors.containsKey(Network.DIRECTIONS)) {
            if (found.put(Network.DIRECTIONS, tensors.get(Network.DIRECTIONS)) != null) {
                throw new InvalidInputException("%s: tensor %s%s is unexpected".formatted(file, prefix, Network.DIRECTIONS));
            }
        }
        return found.isEmpty() ? Optional.empty() : Optional.of(Network.of(found, file));
    }

    private static InvalidInputException missing(String tensors, String file) {
        return new InvalidInputException(file + ": tensors " + tensors + " are missing");
    }

    private static int step(String text, String file) {
        if (text != null && text.matches("\\d{1,10}") && Long.parseLong(text) <= Integer.MAX_VALUE) {
            return Integer.parseInt(text);
        }
        throw new InvalidInputException(file + ": its step is not a whole number");
    }
}
