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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The tunings of {@code cl/tuning.properties}: of devices that the command {@code tune} measured, and a default for every other
 * CPU (by the width of its vectors) and GPU, beside which a GPU has others to measure ({@link TuningChoice}). {@link Tuning#fit}
 * makes one fit a network and the device's limits.
 */
public final class TuningTable {
    /** What kernels are tuned for. */
    public enum Purpose {
        /** A training step. */
        TRAINING(Tuning.Footprint.ALL_LAYERS),
        /** The map. */
        MAP(Tuning.Footprint.TWO_LAYERS),
        /** The map of so few points that large tiles would leave most of a GPU idle. */
        MAP_FEW(Tuning.Footprint.TWO_LAYERS),
        /** The map with its density, and its inverse. */
        DENSITY(Tuning.Footprint.TWO_LAYERS_WITH_TANGENTS);

        private final Tuning.Footprint footprint;

        Purpose(Tuning.Footprint footprint) {
            this.footprint = footprint;
        }

        /** The purpose of a map of {@code points} points; a CPU has one for any number. */
        public static Purpose ofMap(Device device, int points) {
            return ofMap(device.type(), device.computeUnits(), points);
        }

        static Purpose ofMap(Device.Type type, int computeUnits, int points) {
            return type != Device.Type.CPU && points <= FEW_POINTS_PER_UNIT * computeUnits ? MAP_FEW : MAP;
        }

        Tuning.Footprint footprint() {
            return footprint;
        }

        /** The word for it in the table's keys. */
        public String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** So many points give each compute unit of a GPU a handful of the large tiles. */
    private static final int FEW_POINTS_PER_UNIT = 128;

    private static final Pattern KEY = Pattern.compile("[a-z0-9-]+\\.(" + Arrays.stream(Purpose.values()).map(Purpose::key)
            .collect(Collectors.joining("|")) + ")(\\.[2-9])?");

    private static volatile Properties table = packed();
    private static volatile Optional<Path> file = Optional.empty();

    private TuningTable() {
    }

    private static Properties packed() {
        Properties rows = new Properties();
        try (InputStream in = TuningTable.class.getResourceAsStream("/cl/tuning.properties")) {
            rows.load(new InputStreamReader(in, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rows;
    }

    /**
     * The rows of a file in the form of {@code cl/tuning.properties}, tunings by their keys.
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
        } catch (IllegalArgumentException e) { // an escape that is none
            throw new InvalidInputException(from + " is not a file of tunings: " + e.getMessage(), e);
        }
        Map<String, Tuning> tunings = new TreeMap<>();
        for (String key : rows.stringPropertyNames()) {
            try {
                if (!KEY.matcher(key).matches()) {
                    throw new InvalidInputException("%s is not a file of tunings: a row is named '%s', not DEVICE.PURPOSE"
                            .formatted(from, UntrustedText.shown(key)));
                }
                tunings.put(key, Tuning.parse(rows.getProperty(key)));
            } catch (IllegalArgumentException e) {
                throw new InvalidInputException("%s has no tuning in its row '%s': no kernel can be built with '%s'"
                        .formatted(from, key, UntrustedText.shown(rows.getProperty(key))), e);
            }
        }
        return tunings;
    }

    /**
     * From now on, looks up the rows of a file before the packed ones.
     *
     * @throws InvalidInputException as {@link #read}
     */
    public static void use(Path from) {
        Properties rows = packed();
        read(from).forEach((key, tuning) -> rows.setProperty(key, tuning.toString()));
        table = rows;
        file = Optional.of(from);
    }

    /** The file of {@link #use}. */
    public static Optional<Path> file() { return file; }

    /** The device's own tuning, or the default of its kind. */
    public static Tuning find(Device device, Purpose purpose) {
        String own = table.getProperty(key(device, purpose));
        return own != null ? Tuning.parse(own) : ofKind(kind(device), purpose);
    }

    /** The default of a kind of device: {@code gpu}, {@code cpu-4}, {@code cpu-8} or {@code cpu-16}. */
    static Tuning ofKind(String kind, Purpose purpose) {
        return candidates(kind, purpose).get(0);
    }

    /**
     * Tunings that may be the fastest for a network on a device, as they fit it, and give the same bits: the device's own alone,
     * or the default of its kind and those beside it.
     *
     * @param rows B of {@link Purpose#TRAINING}
     * @return the one of {@link #find} first, unchanged when there are no others
     */
    static List<Tuning> candidates(Device device, Purpose purpose, NetworkShape shape, int rows) {
        Tuning first = find(device, purpose);
        if (table.containsKey(key(device, purpose))) {
            return List.of(first);
        }
        return sameBits(candidates(kind(device), purpose), purpose,
                tuning -> purpose == Purpose.TRAINING ? tuning.fit(shape, purpose.footprint, device, rows)
                        : tuning.fit(shape, purpose.footprint, device));
    }

    /** Those that fit and have the bits of the first; of a map, whose points do not depend on each other, a tile may have any rows. */
    static List<Tuning> sameBits(List<Tuning> tunings, Purpose purpose, Function<Tuning, Optional<Tuning>> fit) {
        Optional<Tuning> first = fit.apply(tunings.get(0));
        if (tunings.size() == 1 || first.isEmpty()) {
            return tunings.subList(0, 1);
        }
        UnaryOperator<Tuning> bits = tuning -> purpose == Purpose.TRAINING ? tuning : tuning.with("tile-rows", 0);
        String wanted = bits.apply(first.get()).bits();
        return tunings.stream().map(fit).flatMap(Optional::stream).filter(tuning -> bits.apply(tuning).bits().equals(wanted))
                .distinct().toList();
    }

    /** The rows {@code kind.purpose}, {@code kind.purpose.2} and so on. */
    static List<Tuning> candidates(String kind, Purpose purpose) {
        String key = kind + "." + purpose.key();
        return Stream.concat(Stream.of(key), IntStream.iterate(2, n -> table.containsKey(key + "." + n), n -> n + 1)
                .mapToObj(n -> key + "." + n)).map(table::getProperty).map(Tuning::parse).toList();
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
