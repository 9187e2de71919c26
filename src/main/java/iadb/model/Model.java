package iadb.model;

import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.Safetensors;
import iadb.plot.Box;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A trained network with its provenance, and its safetensors file: the network's tensors as PyTorch names and lays them out, all
 * else in the metadata.
 *
 * @param network    shape and weights
 * @param p0         where the map starts; empty if the file does not hold it
 * @param p1         where the map ends; empty if the file does not hold it
 * @param provenance settings, seed, program version and the like, as text by key
 */
public record Model(Network network, Optional<Density> p0, Optional<Density> p1, Map<String, String> provenance) {
    static final String FORMAT_KEY = "format";

    private static final String FORMAT = "iadb-cl-model-1";

    /** Writes {@code model}; an earlier file is replaced only when the new one is complete. */
    public static void write(Path file, Model model) throws IOException {
        Map<String, String> metadata = new HashMap<>(model.provenance());
        metadata.put(FORMAT_KEY, FORMAT);
        model.p0().ifPresent(density -> DensityMetadata.put(metadata, "p0", density));
        model.p1().ifPresent(density -> DensityMetadata.put(metadata, "p1", density));
        Safetensors.write(file, model.network().tensors(), metadata);
    }

    /**
     * Reads a model of this program, a model of another program with the same tensors, or the model in a checkpoint: the average
     * of its weights if it holds one.
     *
     * @throws InvalidInputException if the file is missing or not such a model
     */
    public static Model read(Path file) {
        Safetensors.Contents contents = Safetensors.read(file);
        String name = file.toString();
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        String format = metadata.remove(FORMAT_KEY);
        if (Checkpoint.isFormat(format)) {
            return Checkpoint.read(file).model();
        }
        requireKnown(format, FORMAT, name);
        Network network = Network.of(contents.tensors(), name);
        if (!FORMAT.equals(format)) {
            metadata.keySet().removeIf(DensityMetadata::isKey); // their meaning in another program's file is unknown
        }
        DensityMetadata.requireBox(metadata, name);
        Optional<Density> p0 = DensityMetadata.take(metadata, "p0", name);
        Optional<Density> p1 = DensityMetadata.take(metadata, "p1", name);
        return new Model(network, p0, p1, Map.copyOf(metadata));
    }

    /** Whether a density is the one that the model was trained with, to the last bit. */
    public boolean isOf(boolean first, Density density) {
        String key = first ? "p0" : "p1";
        Optional<Density> own = first ? p0 : p1;
        if (own.isEmpty()) {
            return DensityMetadata.holdsHash(provenance, key) && DensityMetadata.mismatch(provenance, key, density, "").isEmpty();
        }
        Map<String, String> here = new HashMap<>();
        Map<String, String> there = new HashMap<>();
        DensityMetadata.put(here, key, own.get());
        DensityMetadata.put(there, key, density);
        return here.equals(there);
    }

    /**
     * Why a given density is not the one whose hash the model's file holds; empty if it is, or without a hash.
     *
     * @param first p0, otherwise p1
     */
    public Optional<String> mismatch(boolean first, Density density, Path file) {
        return DensityMetadata.mismatch(provenance, first ? "p0" : "p1", density, file.toString());
    }

    /** Width over height of the picture of p0 if {@code first}, otherwise p1; empty if the file does not hold it. */
    public OptionalDouble aspect(boolean first) {
        return (first ? p0 : p1).map(density -> OptionalDouble.of(density.aspect()))
                .orElseGet(() -> DensityMetadata.aspect(provenance, first ? "p0" : "p1"));
    }

    /** The square of the user's plane in which the densities lie. */
    public Box box() {
        Box box = Density.box(p0, p1);
        return box.isUnit() ? DensityMetadata.box(provenance) : box;
    }

    /** The number of points of p0 if {@code first}, otherwise p1, if the file holds only their hash; 0 otherwise. */
    public int pointsToGive(boolean first) { return DensityMetadata.pointCount(provenance, first ? "p0" : "p1"); }

    /** The seed of the training; 0 if the file does not hold it. */
    public long seed() {
        try {
            return Long.parseLong(provenance.getOrDefault("seed", "0"));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** The deviation of the noise of the points that must be given, in the user's units; 0: none. */
    public double bandwidth(boolean first) { return DensityMetadata.bandwidth(provenance, first ? "p0" : "p1"); }

    /** Refuses a format of this program other than {@code known}; null and other programs' formats are accepted. */
    static void requireKnown(String format, String known, String file) {
        if (format != null && format.startsWith("iadb-cl") && !format.equals(known)) {
            throw new InvalidInputException("%s: its format is %s, and this program reads %s; use a newer version of this program"
                    .formatted(file, UntrustedText.shown(format), known));
        }
    }
}
