package iadb.fuzz;

import iadb.cl.CacheAccess;
import iadb.cli.DensityAccess;
import iadb.cli.ResumeAccess;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.density.PointDensity;
import iadb.density.PointRows;
import iadb.fault.InvalidInputException;
import iadb.file.NpyReader;
import iadb.file.PointReader;
import iadb.model.Checkpoint;
import iadb.model.Model;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Every reader of files of unknown origin, and how it is fuzzed: bytes become a file, the file is read as the program reads
 * it, and everything that was read is used. A reader either accepts a file, or throws an {@link InvalidInputException} with one
 * short line that names the file; the cache returns what was stored, or nothing.
 *
 * <p>Some occur twice: with the bytes as they are, and with lengths, checksums and compression made right first, so that the
 * fuzzer's changes reach the code behind those checks.
 */
enum FuzzedReader {
    /** PNG, JPEG, BMP and GIF as they are. */
    IMAGE("input.png") {
        @Override
        void read(Path file) {
            if (!Pictures.isSlow(file)) {
                use(ImageFile.read(file, false));
            }
        }
    },
    /** Chunks of a PNG, whose rows are packed and whose checksums are made right. */
    PNG("input.png") {
        @Override
        byte[] fileOf(byte[] input) {
            return Pictures.repairedPng(input);
        }

        @Override
        void read(Path file) {
            if (!Pictures.isSlow(file)) {
                use(ImageFile.read(file, true));
            }
        }
    },
    /** An array of points, or of anything. */
    NPY("input.npy") {
        @Override
        void read(Path file) throws IOException {
            try {
                drain(file);
                sample(file);
            } catch (InvalidInputException e) {
                requireGood(e, file);
            }
            NpyReader.readArray(file);
        }
    },
    /** Points as text. */
    CSV("input.csv") {
        @Override
        void read(Path file) throws IOException {
            drain(file);
            try {
                sample(file);
            } catch (InvalidInputException e) {
                requireGood(e, file);
            }
        }
    },
    /** What {@code --p0} takes: points as text or as an array, or a picture. */
    POINTS("input.txt") {
        @Override
        void read(Path file) throws IOException {
            if (Pictures.isSlow(file)) {
                return;
            }
            Density density = DensityAccess.both(file, MOST_AT_ONCE).get(0);
            use(density);
            if (density instanceof PointDensity points && !(points.estimateBandwidth() > 0)) {
                throw new AssertionError("bandwidth " + points.estimateBandwidth());
            }
        }
    },
    /** A model or any other safetensors file as it is. */
    SAFETENSORS("input.safetensors") {
        @Override
        void read(Path file) throws IOException {
            use(Model.read(file), file);
        }
    },
    /** A model's header up to the first zero byte, whose length is made right, then data that fit what the header says. */
    MODEL("input.safetensors") {
        @Override
        byte[] fileOf(byte[] input) {
            return SafetensorsBytes.ofHeaderAndData(input);
        }

        @Override
        void read(Path file) throws IOException {
            use(Model.read(file), file);
        }
    },
    /** The same for a checkpoint, including what resuming from it needs. */
    CHECKPOINT("input.safetensors") {
        @Override
        byte[] fileOf(byte[] input) {
            return SafetensorsBytes.ofHeaderAndData(input);
        }

        @Override
        void read(Path file) throws IOException {
            Checkpoint.Contents contents = Checkpoint.read(file);
            use(contents.model(), file);
            Checkpoint.write(file.resolveSibling("again"), contents);
            ResumeAccess.resume(contents, file.toString());
        }
    },
    /** An entry of the cache as it is. */
    CACHE(CacheEntries.KEY + ".programs") {
        @Override
        void read(Path file) throws IOException {
            CacheEntries.requirePayloadOrNothing(file);
        }
    },
    /** Which byte to change and how, and a payload, whose header is made right before the change. */
    CACHE_ENTRY(CacheEntries.KEY + ".programs") {
        @Override
        byte[] fileOf(byte[] input) {
            return CacheEntries.changed(input);
        }

        @Override
        void read(Path file) throws IOException {
            CacheEntries.requirePayloadOrNothing(file);
        }
    };

    private static final int MOST_MESSAGE_CHARS = 500;
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int MOST_AT_ONCE = 7;

    private final String fileName;

    FuzzedReader(String fileName) {
        this.fileName = fileName;
    }

    /** Its name in scripts and folders. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The content of the file that an input gives. */
    byte[] fileOf(byte[] input) {
        return input;
    }

    /** Reads a file as the program does, and uses all of it. */
    abstract void read(Path file) throws IOException;

    /**
     * Writes the file of an input into a folder, and reads it.
     *
     * @return whether the reader took it
     * @throws AssertionError if the reader does what no reader may
     */
    final boolean takes(byte[] input, Path folder) {
        Path file = folder.resolve(fileName);
        long start = processorNanos();
        boolean taken;
        try {
            Files.write(file, fileOf(input));
            read(file);
            taken = true;
        } catch (InvalidInputException e) {
            requireGood(e, file);
            taken = false;
        } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError(this + " throws " + e, e);
        }
        long nanos = processorNanos() - start;
        if (nanos > MOST_NANOS) {
            throw new AssertionError("%s takes %.1f s".formatted(this, nanos * 1e-9));
        }
        return taken;
    }

    /** Of this thread: a busy machine is not a slow reader. */
    private static long processorNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static void requireGood(InvalidInputException e, Path file) {
        String message = e.getMessage();
        if (!message.contains(file.getFileName().toString())) {
            throw new AssertionError("names no file: " + message, e);
        }
        String own = message.replace(file.toString(), "");
        if (own.length() > MOST_MESSAGE_CHARS || own.codePoints().anyMatch(FuzzedReader::leavesTheLine)) {
            throw new AssertionError("is no short line: " + message, e);
        }
    }

    /** Whether a terminal may do anything else with a character than show it. */
    private static boolean leavesTheLine(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }

    private static void drain(Path file) throws IOException {
        try (PointReader reader = PointReader.open(file)) {
            long points = 0;
            for (double[] some = reader.read(MOST_AT_ONCE); some.length > 0; some = reader.read(MOST_AT_ONCE)) {
                points += some.length / 2;
            }
            if (points != reader.count() || points < 1) {
                throw new AssertionError(points + " points where " + reader.count() + " were promised");
            }
        }
    }

    /** Reads all points, and a few of them. */
    private static void sample(Path file) {
        PointRows all = PointRows.read(file, Integer.MAX_VALUE, 1);
        PointRows few = PointRows.read(file, MOST_AT_ONCE, 1);
        if (all.rows().length != 2 * all.total() || few.total() != all.total()
                || few.rows().length != 2 * Math.min(MOST_AT_ONCE, all.total())) {
            throw new AssertionError(all.rows().length + " and " + few.rows().length + " coordinates of "
                    + all.total() + " points");
        }
    }

    private static void use(Density used) {
        ImageDensity density = used.image();
        long[] byRow = density.cumulativeByRow();
        long inRows = 0;
        int[] cumulative = density.cumulativeInRows();
        for (int p = density.width() - 1; p < cumulative.length; p += density.width()) {
            inRows += Integer.toUnsignedLong(cumulative[p]);
        }
        if (byRow[byRow.length - 1] != inRows) {
            throw new AssertionError("rows of another weight than their columns");
        }
        density.logDensityAt(0.5, 0.5);
    }

    private static void use(Model model, Path file) throws IOException {
        model.p0().ifPresent(FuzzedReader::use);
        model.p1().ifPresent(FuzzedReader::use);
        for (boolean first : new boolean[] {true, false}) {
            model.aspect(first);
            model.mismatch(first, Pictures.DOT, file)
                    .ifPresent(fault -> requireGood(new InvalidInputException(fault), file));
        }
        model.network().transposed();
        Path again = file.resolveSibling("again");
        Model.write(again, model);
        if (!Arrays.equals(model.network().parameters(), Model.read(again).network().parameters())) {
            throw new AssertionError("another network after it was written");
        }
    }

    /** The reader with this name in scripts and folders. */
    static Optional<FuzzedReader> named(String key) {
        return Arrays.stream(values()).filter(reader -> reader.key().equals(key)).findFirst();
    }
}
