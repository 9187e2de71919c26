package iadb.plan;

import iadb.cl.Device;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.model.NetworkShape;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The tunings in {@code cl/tuning.properties}: those of devices that the command {@code tune} measured, and defaults for other
 * CPUs (by vector width) and GPUs (several candidates for {@link TuningChoice}). {@link Tuning#fit} fits one to a network and a
 * device.
 */
public final class TuningTable {
    /** What kernels are tuned for. */
    public enum Purpose {
        /** A training step. */
        TRAINING(Tuning.Footprint.ALL_LAYERS),
        /** A step of many trainings at once, on a GPU; the bits are those of a training alone. */
        JOINT(Tuning.Footprint.ALL_LAYERS),
        /** The map. */
        MAP(Tuning.Footprint.TWO_LAYERS),
        /** The map of few points, for which large tiles would leave most of a GPU idle. */
        MAP_FEW(Tuning.Footprint.TWO_LAYERS),
        /** The map with its density, and the inverse. */
        DENSITY(Tuning.Footprint.TWO_LAYERS_WITH_TANGENTS);

        private final Tuning.Footprint footprint;

        Purpose(Tuning.Footprint footprint) { this.footprint = footprint; }

        /** The purpose for a map of {@code points} points; a CPU has the same for any number. */
        public static Purpose ofMap(Device device, int points) { return ofMap(device.type(), device.computeUnits(), points); }

        static Purpose ofMap(Device.Type type, int computeUnits, int points) {
            return type != Device.Type.CPU && points <= FEW_POINTS_PER_UNIT * computeUnits ? MAP_FEW : MAP;
        }

        Tuning.Footprint footprint() { return footprint; }

        /** Its name in the table's keys. */
        public String key() { return name().toLowerCase(Locale.ROOT).replace('_', '-'); }
    }

    private static final int FEW_POINTS_PER_UNIT = 128; // a few large tiles for each compute unit of a GPU
    private static final Pattern KEY = Pattern.compile("[a-z0-9-]+\\.(" + Arrays.stream(Purpose.values()).map(Purpose::key)
            .collect(Collectors.joining("|")) + ")(\\.[2-9])?");

    private static volatile Loaded loaded = new Loaded(packed(), Optional.empty());

    /** The rows that are looked up, and the file that some of them are from. */
    private record Loaded(Map<String, Tuning> rows, Optional<Path> file) { }

    private TuningTable() { }

    private static Map<String, Tuning> packed() {
        Properties rows = new Properties();
        try (InputStream in = TuningTable.class.getResourceAsStream("/cl/tuning.properties")) {
            rows.load(new InputStreamReader(in, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rows.stringPropertyNames().stream()
                .collect(Collectors.toMap(key -> key, key -> Tuning.parse(rows.getProperty(key))));
    }

    /**
     * Reads a file of the format of {@code cl/tuning.properties}: tunings by key.
     *
     * @throws InvalidInputException if it cannot be read, or a row is not a tuning
     */
    public static Map<String, Tuning> read(Path from) {
        Properties rows = new Properties();
        try (Reader in = new InputStreamReader(Files.newInputStream(from), StandardCharsets.UTF_8)) {
            rows.load(in);
        } catch (NoSuchFileException e) {
            throw new InvalidInputException("no such file: %s; give tunings that the command tune wrote".formatted(from), e);
        } catch (IOException e) {
            throw new InvalidInputException("cannot read the tunings in %s (%s)".formatted(from, FileFault.of(e)), e);
        } catch (IllegalArgumentException e) { // an invalid escape
            throw new InvalidInputException(from + " is not a file of tunings: " + e.getMessage(), e);
        }
        Map<String, Tuning> tunings = new HashMap<>();
        for (String key : rows.stringPropertyNames()) {
            if (!KEY.matcher(key).matches()) {
                throw new InvalidInputException("%s is not a file of tunings: a row is named '%s', not DEVICE.PURPOSE"
                        .formatted(from, UntrustedText.shown(key)));
            }
            try {
                tunings.put(key, Tuning.parse(rows.getProperty(key)));
            } catch (IllegalArgumentException e) {
                throw new InvalidInputException("%s has no tuning in its row '%s': no kernel can be built with '%s'"
                        .formatted(from, key, UntrustedText.shown(rows.getProperty(key))), e);
            }
        }
        return tunings;
    }

    /**
     * Makes the rows of a file take precedence over the packed ones from now on.
     *
     * @throws InvalidInputException if it cannot be read, or a row is not a tuning
     */
    public static void use(Path from) {
        Map<String, Tuning> rows = new HashMap<>(packed());
        rows.putAll(read(from));
        loaded = new Loaded(rows, Optional.of(from));
    }

    /** The file of {@link #use}. */
    public static Optional<Path> file() { return loaded.file(); }

    /** The device's own tuning, or else the default of its kind. */
    public static Tuning find(Device device, Purpose purpose) {
        Tuning own = loaded.rows().get(key(device, purpose));
        return own != null ? own : ofKind(kind(device), purpose);
    }

    /** The default of a kind of device: {@code gpu}, {@code cpu-4}, {@code cpu-8} or {@code cpu-16}. */
    static Tuning ofKind(String kind, Purpose purpose) { return candidates(kind, purpose).get(0); }

    /**
     * The tunings to choose from for a network on a device, all with the same bits: only the device's own, or the fitted
     * candidates of its kind; none of {@link Purpose#JOINT} for a CPU.
     *
     * @param rows B of {@link Purpose#TRAINING}
     * @return the one of {@link #find} first, not fitted if it is the only one
     */
    static List<Tuning> candidates(Device device, Purpose purpose, NetworkShape shape, int rows) {
        Tuning own = loaded.rows().get(key(device, purpose));
        return own != null ? List.of(own) : sameBits(candidates(kind(device), purpose), purpose,
                tuning -> purpose == Purpose.TRAINING ? tuning.fit(shape, purpose.footprint, device, rows)
                        : tuning.fit(shape, purpose.footprint, device));
    }

    /** Those that fit and have the bits of the first. The tile rows do not matter to a map, whose points are independent. */
    static List<Tuning> sameBits(List<Tuning> tunings, Purpose purpose, Function<Tuning, Optional<Tuning>> fit) {
        if (tunings.size() < 2) {
            return tunings;
        }
        Optional<Tuning> first = fit.apply(tunings.get(0));
        if (first.isEmpty()) {
            return tunings.subList(0, 1);
        }
        boolean trains = purpose == Purpose.TRAINING || purpose == Purpose.JOINT;
        Function<Tuning, String> bits = tuning -> (trains ? tuning : tuning.with("tile-rows", 0)).bits();
        return tunings.stream().map(fit).flatMap(Optional::stream)
                .filter(tuning -> bits.apply(tuning).equals(bits.apply(first.get()))).distinct().toList();
    }

    /** The rows {@code kind.purpose}, {@code kind.purpose.2}, ... */
    static List<Tuning> candidates(String kind, Purpose purpose) {
        String key = kind + "." + purpose.key();
        Map<String, Tuning> rows = loaded.rows();
        return Stream.iterate(1, n -> n + 1).map(n -> rows.get(n == 1 ? key : key + "." + n))
                .takeWhile(Objects::nonNull).toList();
    }

    /** The key of the device's own tuning: its name in lower case, its compute units, and the purpose. */
    public static String key(Device device, Purpose purpose) {
        String name = device.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        return name + "-" + device.computeUnits() + "." + purpose.key();
    }

    private static String kind(Device device) {
        return device.type() != Device.Type.CPU ? "gpu"
                : "cpu-" + Math.max(4, Math.min(16, Integer.highestOneBit(device.nativeVectorFloats())));
    }
}
