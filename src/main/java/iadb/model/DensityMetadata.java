package iadb.model;

import iadb.density.Density;
import iadb.density.DensityImage;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Stores a density in a file's metadata: {@code pN} is its name, {@code pN.png} its pixels as a 16-bit greyscale PNG in base64,
 * absent for a named density. In the place of a PNG above {@value #MAX_PNG_BYTES} bytes, {@code pN.sha256} of the pixels,
 * {@code pN.size} and {@code pN.path} identify the picture, which the user must give again. A path in a file is never opened.
 */
final class DensityMetadata {
    static final int MAX_PNG_BYTES = 4 << 20;

    private static final int MAX_NAME_CHARS = 255; // the usual limit of a file's name

    private DensityMetadata() { }

    /** Whether a key of the metadata describes a density. */
    static boolean isKey(String key) { return key.matches("(?s)p[01](\\..*)?"); }

    /** Stores a density under {@code key}. */
    static void put(Map<String, String> metadata, String key, Density density) {
        metadata.put(key, density.name());
        if (density.isNamed()) {
            return;
        }
        byte[] png = DensityImage.toPng(density);
        if (png.length <= MAX_PNG_BYTES) {
            metadata.put(key + ".png", Base64.getEncoder().encodeToString(png));
        } else {
            metadata.put(key + ".sha256", sha256(density));
            metadata.put(key + ".size", density.width() + "x" + density.height());
            density.file().ifPresent(path -> metadata.put(key + ".path", path.toString()));
        }
    }

    /**
     * Removes the density of {@code key} from the metadata, unless they hold only its hash.
     *
     * @return empty if the metadata hold no density, or only its hash
     */
    static Optional<Density> take(Map<String, String> metadata, String key, String file) {
        if (!metadata.containsKey(key) || metadata.containsKey(key + ".sha256")) {
            return Optional.empty();
        }
        String name = UntrustedText.line(metadata.remove(key), MAX_NAME_CHARS);
        String png = metadata.remove(key + ".png");
        if (png == null) {
            return Optional.of(NamedDensities.find(name).orElseThrow(() -> new InvalidInputException(
                    "%s: its %s is the named density '%s', which this program does not have".formatted(file, key,
                    UntrustedText.shown(name)))));
        }
        try {
            return Optional.of(DensityImage.fromPng(name, Base64.getDecoder().decode(png)));
        } catch (InvalidInputException e) {
            throw new InvalidInputException("%s: the picture of its %s: %s".formatted(file, key, e.getMessage()), e);
        } catch (OutOfMemoryError e) {
            throw new InvalidInputException("%s: the picture of its %s takes more memory than Java has"
                    .formatted(file, key), e);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(file + ": the picture of its " + key + " is not base64", e);
        }
    }

    /** The hash of width and height as 32-bit and of the weights as 16-bit numbers, big-endian; a PNG's bytes could vary. */
    private static String sha256(Density density) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * Integer.BYTES + density.weights().length * Short.BYTES);
        bytes.putInt(density.width()).putInt(density.height()).asShortBuffer().put(density.weights());
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    /** Why a given density is not the one whose hash the metadata hold; empty if it is, or without a hash. */
    static Optional<String> mismatch(Map<String, String> metadata, String key, Density density, String file) {
        String hash = metadata.get(key + ".sha256");
        return hash == null || hash.equals(sha256(density)) ? Optional.empty()
                : Optional.of("%s is not the picture that %s was trained with as %s: that was %s".formatted(density.name(), file, key,
                UntrustedText.shown(metadata.getOrDefault(key + ".path", "another"))));
    }

    /** Width over height of the picture's size in the metadata; empty if it is missing or invalid. */
    static OptionalDouble aspect(Map<String, String> metadata, String key) {
        String size = metadata.getOrDefault(key + ".size", "");
        if (!size.matches("[1-9]\\d{0,5}x[1-9]\\d{0,5}")) {
            return OptionalDouble.empty();
        }
        String[] sides = size.split("x");
        return OptionalDouble.of(Double.parseDouble(sides[0]) / Double.parseDouble(sides[1]));
    }
}
