package iadb.model;

import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.plot.Box;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Stores a density in a file's metadata: {@code pN} is its name, {@code pN.png} its pixels as a 16-bit greyscale PNG in base64,
 * absent for a named density. Of points, {@code pN.points} are the coordinates in the unit square, [N, 2] little-endian floats in
 * base64, {@code pN.bandwidth} is the deviation of their noise in the user's units, and {@code box} the {@link Box} of both densities.
 * In the place of a PNG or of points above {@value #MAX_BYTES} bytes, {@code pN.sha256}, {@code pN.size} and {@code pN.path}
 * identify the file, which the user must give again. A path in a file is never opened.
 */
final class DensityMetadata {
    static final int MAX_BYTES = 4 << 20;

    private static final String BOX = "box";
    private static final int MAX_NAME_CHARS = 255; // the usual limit of a file's name

    private DensityMetadata() { }

    /** Whether a key of the metadata describes a density. */
    static boolean isKey(String key) { return key.equals(BOX) || key.matches("(?s)p[01](\\..*)?"); }

    /** Stores a density under {@code key}. */
    static void put(Map<String, String> metadata, String key, Density density) {
        metadata.put(key, density.name());
        if (density instanceof ImageDensity image && image.isNamed()) {
            return;
        }
        byte[] content;
        if (density instanceof PointDensity points) {
            metadata.put(BOX, points.box().toString());
            metadata.put(key + ".bandwidth", Double.toString(points.bandwidth()));
            content = bytes(points.points());
        } else {
            content = ImageFile.toPng(density.image());
        }
        if (content.length <= MAX_BYTES) {
            metadata.put(key + (density instanceof PointDensity ? ".points" : ".png"), Base64.getEncoder().encodeToString(content));
        } else {
            metadata.put(key + ".sha256", sha256(density));
            metadata.put(key + ".size", density instanceof PointDensity points ? Integer.toString(points.count())
                    : density.image().width() + "x" + density.image().height());
            density.file().ifPresent(path -> metadata.put(key + ".path", path.toString()));
        }
    }

    /** Points [N, 2] as little-endian floats. */
    private static byte[] bytes(float[] points) {
        ByteBuffer bytes = ByteBuffer.allocate(points.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(points);
        return bytes.array();
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
        String points = metadata.remove(key + ".points");
        if (points != null) {
            return Optional.of(points(metadata, key, name, points, file));
        }
        if (png == null) {
            return Optional.of(NamedDensities.find(name).orElseThrow(() -> new InvalidInputException(
                    "%s: its %s is the named density '%s', which this program does not have".formatted(file, key,
                    UntrustedText.shown(name)))));
        }
        try {
            return Optional.of(ImageFile.fromPng(name, Base64.getDecoder().decode(png)));
        } catch (InvalidInputException e) {
            throw new InvalidInputException("%s: the picture of its %s: %s".formatted(file, key, e.getMessage()), e);
        } catch (OutOfMemoryError e) {
            throw new InvalidInputException("%s: the picture of its %s takes more memory than Java has"
                    .formatted(file, key), e);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(file + ": the picture of its " + key + " is not base64", e);
        }
    }

    private static PointDensity points(Map<String, String> metadata, String key, String name, String base64, String file) {
        try {
            byte[] bytes = Base64.getDecoder().decode(base64);
            float[] points = new float[bytes.length / (2 * Float.BYTES) * 2];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(points);
            double bandwidth = Double.parseDouble(metadata.getOrDefault(key + ".bandwidth", ""));
            metadata.remove(key + ".bandwidth");
            return new PointDensity(name, Optional.empty(), points, Box.parse(metadata.getOrDefault(BOX, "")).orElseThrow(
                    () -> new InvalidInputException("its box is missing or invalid")), bandwidth);
        } catch (InvalidInputException e) {
            throw new InvalidInputException("%s: the points of its %s: %s".formatted(file, key, e.getMessage()), e);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException("%s: the points or the bandwidth of its %s are damaged".formatted(file, key), e);
        }
    }

    /** The box of a model's densities; the unit square without one. */
    static Box box(Map<String, String> metadata) { return Box.parse(metadata.getOrDefault(BOX, "")).orElse(Box.UNIT); }

    /** @throws InvalidInputException if the metadata have a box that is not one */
    static void requireBox(Map<String, String> metadata, String file) {
        if (metadata.containsKey(BOX) && Box.parse(metadata.get(BOX)).isEmpty()) {
            throw new InvalidInputException("%s: its box is invalid: %s".formatted(file, UntrustedText.shown(metadata.get(BOX))));
        }
    }

    /** The number of points whose hash the metadata hold; 0 if they hold none. */
    static int pointCount(Map<String, String> metadata, String key) {
        String size = metadata.getOrDefault(key + ".size", "");
        return metadata.containsKey(key + ".sha256") && size.matches("[1-9]\\d{0,8}") ? Integer.parseInt(size) : 0;
    }

    /** The deviation of the noise of the points whose hash the metadata hold; 0 if they hold none. */
    static double bandwidth(Map<String, String> metadata, String key) {
        try {
            return Double.parseDouble(metadata.getOrDefault(key + ".bandwidth", "0"));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /**
     * The hash of width and height as 32-bit and of the weights as 16-bit numbers, big-endian, since a PNG's bytes could vary; or of
     * points as little-endian floats.
     */
    private static String sha256(Density density) {
        byte[] content;
        if (density instanceof PointDensity points) {
            content = bytes(points.points());
        } else {
            ImageDensity image = density.image();
            ByteBuffer bytes = ByteBuffer.allocate(2 * Integer.BYTES + image.weights().length * Short.BYTES);
            bytes.putInt(image.width()).putInt(image.height()).asShortBuffer().put(image.weights());
            content = bytes.array();
        }
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    /** Whether the metadata hold the hash of a density, in the place of its pixels or points. */
    static boolean holdsHash(Map<String, String> metadata, String key) { return metadata.containsKey(key + ".sha256"); }

    /** Why a given density is not the one whose hash the metadata hold; empty if it is, or without a hash. */
    static Optional<String> mismatch(Map<String, String> metadata, String key, Density density, String file) {
        String hash = metadata.get(key + ".sha256");
        return hash == null || hash.equals(sha256(density)) ? Optional.empty()
                : Optional.of("%s is not the %s that %s was trained with as %s: that was %s".formatted(density.name(),
                metadata.containsKey(key + ".bandwidth") ? "set of points" : "picture", file, key,
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
