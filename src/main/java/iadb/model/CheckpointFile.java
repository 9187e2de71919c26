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
 * A training on its way as a safetensors file: the model's tensors are the live weights, {@code adam.m.*} and
 * {@code adam.v.*} Adam's moments, {@code ema.*} the average of the weights, and {@code losses} the rows of the loss so far.
 * The metadata hold the step, both densities as a model file does, and what the training was told.
 */
public final class CheckpointFile {
    static final String FORMAT = "iadb-cl-checkpoint-1";

    private static final String FORMAT_KEY = "format";
    private static final String STEP_KEY = "step";
    private static final String MOMENT1 = "adam.m.";
    private static final String MOMENT2 = "adam.v.";
    private static final String AVERAGE = "ema.";
    private static final String LOSSES = "losses";

    private CheckpointFile() {
    }

    /**
     * What a file holds.
     *
     * @param checkpoint weights, moments, average and step
     * @param p0         empty when the file holds its hash only
     * @param p1         empty when the file holds its hash only
     * @param losses     rows of the loss so far, each over as many steps as the metadata say
     * @param metadata   what the training was told, as text by key
     */
    public record Contents(Checkpoint checkpoint, Optional<Density> p0, Optional<Density> p1, float[] losses,
            Map<String, String> metadata) {
        /** The model that the training has come to. */
        public Model model() {
            return new Model(checkpoint.result(), p0, p1, metadata);
        }

        /**
         * One of the densities; one that the file does not hold, from the user.
         *
         * @throws InvalidInputException when one is missing, is given though the file holds it, or is not the training's
         */
        public Density density(boolean first, Optional<Density> given, String file) {
            String key = first ? "p0" : "p1";
            Setting setting = first ? Setting.P0 : Setting.P1;
            Density held = (first ? p0 : p1).orElse(null);
            if (held != null && given.isPresent()) {
                throw new InvalidInputException("%s holds its %s: it cannot be given as well".formatted(file, key), setting);
            }
            if (held != null) {
                return held;
            }
            Density density = given.orElseThrow(() -> new InvalidInputException(
                    "%s does not hold the picture of its %s: it must be given".formatted(file, key), setting));
            DensityMetadata.mismatch(metadata, key, density, file).ifPresent(fault -> {
                throw new InvalidInputException(fault);
            });
            return density;
        }
    }

    /** Writes a checkpoint; an earlier file is replaced only when the new one is whole. */
    public static void write(Path file, Contents contents) throws IOException {
        Checkpoint checkpoint = contents.checkpoint();
        NetworkShape shape = checkpoint.weights().shape();
        List<Tensor> tensors = new ArrayList<>(checkpoint.weights().tensors());
        add(tensors, MOMENT1, new Network(shape, checkpoint.moment1()));
        add(tensors, MOMENT2, new Network(shape, checkpoint.moment2()));
        checkpoint.average().ifPresent(average -> add(tensors, AVERAGE, average));
        tensors.add(new Tensor(LOSSES, new int[] {contents.losses().length}, contents.losses()));
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        metadata.put(FORMAT_KEY, FORMAT);
        metadata.put(STEP_KEY, Integer.toString(checkpoint.step()));
        contents.p0().ifPresent(density -> DensityMetadata.describe(metadata, "p0", density));
        contents.p1().ifPresent(density -> DensityMetadata.describe(metadata, "p1", density));
        Safetensors.write(file, tensors, metadata);
    }

    private static void add(List<Tensor> tensors, String prefix, Network network) {
        network.tensors().forEach(t -> tensors.add(new Tensor(prefix + t.name(), t.shape(), t.data())));
    }

    /**
     * Reads a checkpoint.
     *
     * @throws InvalidInputException when the file is missing or no checkpoint of this program
     */
    public static Contents read(Path file) {
        Safetensors.Contents contents = Safetensors.read(file);
        String name = file.toString();
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        String format = metadata.remove(FORMAT_KEY);
        if (!FORMAT.equals(format)) {
            if (format != null && format.startsWith("iadb-cl-checkpoint")) {
                ModelFile.requireKnown(format, FORMAT, name);
            }
            throw new InvalidInputException(name + " is not a checkpoint of a training", Setting.CHECKPOINTS);
        }
        Map<String, Tensor> weights = new LinkedHashMap<>(contents.tensors());
        Tensor losses = weights.remove(LOSSES);
        Network moment1 = taken(weights, MOMENT1, name);
        Network moment2 = taken(weights, MOMENT2, name);
        boolean averages = weights.keySet().stream().anyMatch(key -> key.startsWith(AVERAGE));
        Optional<Network> average = averages ? Optional.of(taken(weights, AVERAGE, name)) : Optional.empty();
        Network network = Network.of(weights, name);
        for (Network other : List.of(moment1, moment2, average.orElse(network))) {
            if (!other.shape().equals(network.shape())) {
                throw new InvalidInputException(name + ": the state of its optimizer is that of another network");
            }
        }
        for (float square : moment2.parameters()) {
            if (square < 0) {
                throw new InvalidInputException(name + ": a second moment is below 0: the file is damaged");
            }
        }
        if (losses == null || losses.shape().length != 1) {
            throw new InvalidInputException(name + ": tensor " + LOSSES + " is missing");
        }
        int step = step(metadata.remove(STEP_KEY), name);
        return new Contents(new Checkpoint(network, moment1.parameters(), moment2.parameters(), average, step),
                DensityMetadata.take(metadata, "p0", name), DensityMetadata.take(metadata, "p1", name), losses.data(),
                Map.copyOf(metadata));
    }

    /** Takes the tensors of a prefix out, as a network. */
    private static Network taken(Map<String, Tensor> tensors, String prefix, String file) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        tensors.values().removeIf(tensor -> {
            boolean isOne = tensor.name().startsWith(prefix);
            if (isOne) {
                String name = tensor.name().substring(prefix.length());
                found.put(name, new Tensor(name, tensor.shape(), tensor.data()));
            }
            return isOne;
        });
        if (found.isEmpty()) {
            throw new InvalidInputException(file + ": tensors " + prefix + "* are missing");
        }
        return Network.of(found, file);
    }

    private static int step(String text, String file) {
        if (text != null && text.matches("\\d{1,10}") && Long.parseLong(text) <= Integer.MAX_VALUE) {
            return Integer.parseInt(text);
        }
        throw new InvalidInputException(file + ": its step is no whole number");
    }
}
