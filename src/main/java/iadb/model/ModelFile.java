package iadb.model;

import iadb.density.Density;
import iadb.density.DensityImage;
import iadb.density.NamedDensities;
import iadb.io.InvalidInputException;
import iadb.io.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * A {@link Model} as a safetensors file: the network's tensors, named and laid out as PyTorch has them, and in the
 * metadata what made it.
 *
 * <p>Of a density the metadata hold {@code pN}, its name, and unless it is a named one {@code pN.png}, its pixels as a
 * 16-bit greyscale PNG in base64. A PNG above {@value #MAX_PNG_BYTES} bytes stays out: {@code pN.sha256} of the pixels
 * and {@code pN.path} say which file it was, and the user must name it again. A path in a file is never opened.
 */
public final class ModelFile {
    static final int MAX_PNG_BYTES = 4 << 20;

    private static final String FORMAT_KEY = "format";
    private static final String FORMAT = "iadb-cl-model-1";

    private ModelFile() {
    }

    /** Writes {@code model}; an earlier file is replaced only when the new one is whole. */
    public static void write(Path file, Model model) throws IOException {
        Map<String, String> metadata = new HashMap<>(model.provenance());
        metadata.put(FORMAT_KEY, FORMAT);
        model.p0().ifPresent(density -> describe(metadata, "p0", density));
        model.p1().ifPresent(density -> describe(metadata, "p1", density));
        Safetensors.write(file, model.network().tensors(), metadata);
    }

    /**
     * Reads a model, of this program or with the same tensors from elsewhere.
     *
     * @throws InvalidInputException when the file is missing or not such a model
     */
    public static Model read(Path file) {
        Safetensors.Contents contents = Safetensors.read(file);
        String name = file.getFileName().toString();
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        String format = metadata.remove(FORMAT_KEY);
        if (format != null && format.startsWith("iadb-cl") && !format.equals(FORMAT)) {
            throw new InvalidInputException("%s: its format is %s, and this program reads %s; take a newer program"
                    .formatted(name, format, FORMAT));
        }
        Network network = Network.of(contents.tensors(), name);
        Optional<Density> p0 = FORMAT.equals(format) ? density(metadata, "p0", name) : Optional.empty();
        Optional<Density> p1 = FORMAT.equals(format) ? density(metadata, "p1", name) : Optional.empty();
        return new Model(network, p0, p1, Map.copyOf(metadata));
    }

    private static void describe(Map<String, String> metadata, String key, Density density) {
        metadata.put(key, density.name());
        if (density.isNamed()) {
            return;
        }
        byte[] png = DensityImage.toPng(density);
        if (png.length <= MAX_PNG_BYTES) {
            metadata.put(key + ".png", Base64.getEncoder().encodeToString(png));
        } else {
            metadata.put(key + ".sha256", sha256(density));
            density.file().ifPresent(path -> metadata.put(key + ".path", path.toString()));
        }
    }

    private static Optional<Density> density(Map<String, String> metadata, String key, String file) {
        String name = metadata.remove(key);
        String png = metadata.remove(key + ".png");
        if (name == null || metadata.containsKey(key + ".sha256")) {
            return Optional.empty();
        }
        if (png == null) {
            return Optional.of(NamedDensities.find(name).orElseThrow(() -> new InvalidInputException(
                    "%s: its %s is the named density '%s', which this program does not have".formatted(file, key, name))));
        }
        try {
            return Optional.of(DensityImage.fromPng(name, Base64.getDecoder().decode(png)));
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(file + ": the picture of its " + key + " is not base64", e);
        }
    }

    /** Of width and height as 32-bit and of the weights as 16-bit numbers, big-endian: the bytes of a PNG may differ. */
    private static String sha256(Density density) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * Integer.BYTES + density.weights().length * Short.BYTES);
        bytes.putInt(density.width()).putInt(density.height()).asShortBuffer().put(density.weights());
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }
}
