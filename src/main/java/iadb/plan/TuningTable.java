package iadb.plan;

import iadb.cl.Device;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Properties;

/**
 * The tunings of {@code cl/tuning.properties}: of devices that {@code tools/tune} measured, and a default for every other
 * CPU (by the width of its vectors) and GPU. {@link Tuning#fit} makes one fit a network and the device's limits.
 */
public final class TuningTable {
    /** What kernels are tuned for. */
    public enum Purpose {
        /** A training step. */
        TRAINING,
        /** The map. */
        MAP,
        /** The map with its density, and its inverse. */
        DENSITY;

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Properties TABLE = load();

    private TuningTable() {
    }

    private static Properties load() {
        Properties table = new Properties();
        try (InputStream in = TuningTable.class.getResourceAsStream("/cl/tuning.properties")) {
            table.load(new InputStreamReader(in, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return table;
    }

    /** The device's own tuning, or the default of its kind. */
    public static Tuning find(Device device, Purpose purpose) {
        String own = TABLE.getProperty(key(device, purpose));
        return own != null ? Tuning.parse(own) : ofKind(kind(device), purpose);
    }

    /** The default of a kind of device: {@code gpu}, {@code cpu-4}, {@code cpu-8} or {@code cpu-16}. */
    public static Tuning ofKind(String kind, Purpose purpose) {
        return Tuning.parse(TABLE.getProperty(kind + "." + purpose.key()));
    }

    /** Under which key the device's own tuning stands: its name and compute units in lower case, and the purpose. */
    public static String key(Device device, Purpose purpose) {
        String name = device.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        return name + "-" + device.computeUnits() + "." + purpose.key();
    }

    private static String kind(Device device) {
        if (device.type() != Device.Type.CPU) {
            return "gpu";
        }
        int vector = Math.max(4, Math.min(16, Integer.highestOneBit(device.nativeVectorFloats())));
        return "cpu-" + vector;
    }
}
