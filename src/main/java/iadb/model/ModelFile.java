package iadb.model;

import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.Safetensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A {@link Model} as a safetensors file: the network's tensors, named and laid out as PyTorch has them, and in the
 * metadata what made it.
 *
 * <p>A checkpoint is read as the model it holds: the average of the weights where it has one.
 */
public final class ModelFile {
    private static final String FORMAT_KEY = "format";
    private static final String FORMAT = "iadb-cl-model-1";

    private ModelFile() {
    }

    /** Writes {@code model}; an earlier file is replaced only when the new one is whole. */
    public static void write(Path file, Model model) throws IOException {
        Map<String, String> metadata = new HashMap<>(model.provenance());
        metadata.put(FORMAT_KEY, FORMAT);
        model.p0().ifPresent(density -> DensityMetadata.describe(metadata, "p0", density));
        model.p1().ifPresent(density -> DensityMetadata.describe(metadata, "p1", density));
        Safetensors.write(file, model.network().tensors(), metadata);
    }

    /**
     * Reads a model, of this program or with the same tensors from elsewhere.
     *
     * @throws InvalidInputException when the file is missing or not such a model
     */
    public static Model read(Path file) {
        Safetensors.Contents contents = Safetensors.read(file);
        String name = file.toString();
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        String format = metadata.remove(FORMAT_KEY);
        if (CheckpointFile.FORMAT.equals(format)) {
            return CheckpointFile.read(file).model();
        }
        requireKnown(format, FORMAT, name);
        Network network = Network.of(contents.tensors(), name);
        if (!FORMAT.equals(format)) {
            metadata.keySet().removeIf(DensityMetadata::describes); // what another program means by them is not known
        }
        Optional<Density> p0 = DensityMetadata.take(metadata, "p0", name);
        Optional<Density> p1 = DensityMetadata.take(metadata, "p1", name);
        return new Model(network, p0, p1, Map.copyOf(metadata));
    }

    /**
     * What is wrong with a density that a user gives for one that a model's file has the hash of only; empty where nothing is.
     *
     * @param first p0, else p1
     */
    public static Optional<String> mismatch(Model model, boolean first, Density density, Path file) {
        return DensityMetadata.mismatch(model.provenance(), first ? "p0" : "p1", density, file.toString());
    }

    /** Width over height of the picture of a model's p0, or else its p1; empty where its file says nothing of it. */
    public static OptionalDouble aspect(Model model, boolean first) {
        return (first ? model.p0() : model.p1()).map(density -> OptionalDouble.of((double) density.width() / density.height()))
                .orElseGet(() -> DensityMetadata.aspect(model.provenance(), first ? "p0" : "p1"));
    }

    /** Refuses a format of this program that it does not know; null and others' are none of its. */
    static void requireKnown(String format, String known, String file) {
        if (format != null && format.startsWith("iadb-cl") && !format.equals(known)) {
            throw new InvalidInputException("%s: its format is %s, and this program reads %s; take a newer program"
                    .formatted(file, UntrustedText.shown(format), known));
        }
    }
}
