package iadb.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.Densities;
import iadb.LearnedMap;
import iadb.Trainer;
import iadb.model.NetworkShape;
import iadb.sample.Integration.Schedule;
import iadb.sample.Solver;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jobs on two workers of this machine, of which one is killed while they work: they give the same bits as the library alone. */
class ClusterIT {
    private static final Path RUN = Path.of("run").toAbsolutePath();
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final int JOBS = 12;
    private static final List<String> SHAPES = List.of("spiral", "letters", "moons", "ring", "star", "checkerboard");

    @TempDir
    Path folder;

    /** A job in processes of its own: the script, the driver and the executors. */
    private final class Running {
        private final Process script;
        private final Path stdout;
        private final Path stderr;

        Running(String name, String... arguments) throws IOException {
            stdout = folder.resolve(name + ".stdout");
            stderr = folder.resolve(name + ".stderr");
            List<String> command = new ArrayList<>(List.of(RUN.toString()));
            command.addAll(List.of(arguments));
            script = new ProcessBuilder(command).redirectOutput(stdout.toFile()).redirectError(stderr.toFile()).start();
        }

        /** Its processes that run a class. */
        List<ProcessHandle> processes(String main) {
            return script.descendants().filter(process -> process.info().commandLine().orElse("").contains(main)).toList();
        }

        /** Waits until something has been counted this often, or fails when the job ends before. */
        void await(String what, int wanted, IntSupplier count) throws IOException, InterruptedException {
            long end = System.nanoTime() + LIMIT.toNanos();
            while (count.getAsInt() < wanted) {
                assertTrue(script.isAlive() && System.nanoTime() < end, () -> wanted + " " + what + " were not there in time: " + this);
                Thread.sleep(10);
            }
        }

        int end() throws InterruptedException {
            assertTrue(script.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS), () -> "still running: " + this);
            return script.exitValue();
        }

        String errors() throws IOException { return Files.readString(stderr); }

        @Override
        public String toString() {
            try {
                return Files.readString(stdout) + errors();
            } catch (IOException e) {
                return e.toString();
            }
        }
    }

    private static TrainingSettings settings(int iterations, int seed, int width) {
        return Preset.QUICK.settings().withIterations(iterations).withData(4096).withSeed(seed).withShape(new NetworkShape(width, 3))
                .withEncoding(32, 1);
    }

    /** The rows of a table of {@value #JOBS} maps; the last of each half, which a worker trains, takes long. */
    private static List<String> rows() {
        return IntStream.range(0, JOBS).mapToObj(job -> "map%s,gaussian,%s,quick,%s,4096,%s,%s,3".formatted(job, SHAPES.get(job % SHAPES.size()),
                iterations(job), job, width(job))).toList();
    }

    private static int iterations(int job) { return job % 6 == 5 ? 16_000 : 400; }

    private static int width(int job) { return job % 2 == 0 ? 64 : 32; }

    private Path table(String name, List<String> rows) throws IOException {
        List<String> lines = new ArrayList<>(List.of("name,p0,p1,preset,iterations,data,seed,width,depth"));
        lines.addAll(rows);
        return Files.write(folder.resolve(name), lines);
    }

    @Test
    void aTableGivesTheSameMapsThoughADriverAndAnExecutorAreKilled() throws IOException, InterruptedException {
        List<String> rows = rows();
        List<String> withEndless = new ArrayList<>(rows);
        withEndless.addAll(3, Stream.of("endless0", "endless1").map(name -> name + ",gaussian,ring,quick,2000000000,4096,0,32,3").toList());
        Path out = folder.resolve("maps");

        Running first = new Running("first", "batch", table("endless.csv", withEndless).toString(), "--out", out.toString(), "--count", "4096",
                "--rows-per-task", "1");
        first.await("models", 3, () -> models(out).size());
        List<ProcessHandle> executors = first.processes("CoarseGrainedExecutorBackend");
        first.processes("SparkSubmit").forEach(ProcessHandle::destroyForcibly);
        assertFalse(first.end() == 0, first::toString);
        executors.forEach(executor -> executor.onExit().orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join());
        Map<Path, FileTime> before = models(out);
        assertEquals(3, before.size(), "the driver was killed while both workers trained endless rows");

        Running second = new Running("second", "batch", table("jobs.csv", rows).toString(), "--out", out.toString(), "--count", "4096");
        second.await("models", before.size() + 1, () -> models(out).size());
        assertTrue(second.processes("CoarseGrainedExecutorBackend").get(0).destroyForcibly());
        assertEquals(0, second.end(), second::toString);
        assertTrue(second.errors().contains("Lost executor"), second::toString);

        Map<Path, FileTime> after = models(out);
        assertEquals(JOBS, after.size(), second::toString);
        before.forEach((model, time) -> assertEquals(time, after.get(model), "models that were done are not written again"));
        List<String> summary = Files.readAllLines(out.resolve("summary.csv"));
        assertEquals(1 + JOBS, summary.size(), summary::toString);
        for (int job = 0; job < JOBS; job++) {
            String row = summary.get(1 + job);
            assertTrue(row.startsWith(rows.get(job) + ",8,"), row);
            Path expected = folder.resolve("expected.safetensors");
            try (LearnedMap trained = Trainer.train(Densities.named("gaussian"), Densities.named(SHAPES.get(job % SHAPES.size())),
                    settings(iterations(job), job, width(job)), "auto", progress -> true);
                    LearnedMap map = trained.withSteps(Solver.EULER, Schedule.LINEAR, 8)) {
                trained.save(expected);
                assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(out.resolve("map" + job + "/model.safetensors")), row);
                String distance = String.format(Locale.ROOT, "%.6g", map.evaluate(4096, 0, 1).points().slicedWasserstein1());
                assertEquals(distance, row.split(",")[10], row);
            }
        }
        try (Stream<Path> files = Files.list(out)) {
            assertEquals(1 + JOBS, files.count(), "nothing temporary is left");
        }
    }

    /** The models under a folder, with their times. */
    private static Map<Path, FileTime> models(Path out) {
        Map<Path, FileTime> found = new TreeMap<>();
        for (int job = 0; job < JOBS; job++) {
            Path model = out.resolve("map" + job + "/model.safetensors");
            try {
                if (Files.exists(model)) {
                    found.put(model, Files.getLastModifiedTime(model));
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return found;
    }

    @Test
    void aWrongRowIsReportedAndTheOthersAreTrained() throws IOException, InterruptedException {
        Path table = table("jobs.csv", List.of("good,gaussian,ring,quick,50,4096,0,32,3", "bad,gaussian,ring,quick,-3,4096,0,32,3",
                "absent,gaussian,nowhere.png,quick,50,4096,0,32,3"));
        Path out = folder.resolve("maps");
        Running job = new Running("job", "batch", table.toString(), "--out", out.toString(), "--count", "1000", "--rows-per-task", "3");
        assertEquals(1, job.end(), job::toString);
        assertTrue(job.errors().contains("iadb-cl: %s, line 3: --iterations -3 is not a whole number".formatted(table)), job::toString);
        assertTrue(job.errors().contains("iadb-cl: %s, line 4: no such file: ".formatted(table)), job::toString);
        assertEquals(List.of("good"), Files.readAllLines(out.resolve("summary.csv")).stream().skip(1).map(row -> row.split(",")[0]).toList());

        Running wrong = new Running("wrong", "sample", "--model", "nowhere.safetensors", "--points", "1", "--out", out.toString());
        assertEquals(2, wrong.end(), wrong::toString);
        assertTrue(wrong.errors().endsWith("is not empty: give a new folder\n"), wrong::toString);
    }

    /** Through a view of the disk, which is another file system: executors copy from it. */
    @Test
    void imagesOfTheSameNameInDifferentFoldersAreToldApart() throws IOException, InterruptedException {
        Map<String, Path> images = new TreeMap<>();
        for (String name : List.of("Aa", "BB")) { // texts of the same hash code
            BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
            image.getRaster().setSample(name.equals("Aa") ? 1 : 6, 4, 0, 255);
            Path file = Files.createDirectories(folder.resolve("data/" + name)).resolve("x.png");
            assertTrue(ImageIO.write(image, "png", file.toFile()));
            images.put(name, file);
        }
        Path table = table("jobs.csv", images.keySet().stream()
                .map(name -> "%s,gaussian,viewfs://test/data/%s/x.png,quick,50,4096,0,32,3".formatted(name, name)).toList());
        Path out = folder.resolve("maps");
        String link = "spark.hadoop.fs.viewfs.mounttable.test.link./data=" + folder.resolve("data").toUri();
        Running job = new Running("job", "--conf", link, "batch", table.toString(), "--out", out.toUri().toString(), "--count", "1000", "--rows-per-task", "2");
        assertEquals(0, job.end(), job::toString);
        for (Map.Entry<String, Path> image : images.entrySet()) {
            Path expected = folder.resolve("expected.safetensors");
            try (LearnedMap map = Trainer.train(Densities.named("gaussian"), Densities.ofImage(image.getValue(), false), settings(50, 0, 32), "auto",
                    progress -> true)) {
                map.save(expected);
            }
            assertArrayEquals(Files.readAllBytes(expected), Files.readAllBytes(out.resolve(image.getKey() + "/model.safetensors")), image::toString);
        }
    }

    @Test
    void tenMillionPointsAreTheSameThoughAnExecutorIsKilled() throws IOException, InterruptedException {
        int count = 10_000_000;
        Path model = folder.resolve("model.safetensors");
        float[] expected;
        try (LearnedMap trained = Trainer.train(Densities.named("gaussian"), Densities.named("letters"), TrainingSettings.tutorial()
                .withIterations(500).withData(4096).withShape(new NetworkShape(16, 1)), "auto", progress -> true);
                LearnedMap map = trained.withSteps(Solver.MIDPOINT, Schedule.LINEAR, 2)) {
            trained.save(model);
            expected = map.sample(count, -7);
        }
        Path out = folder.resolve("points");
        Running job = new Running("job", "--master", "local-cluster[2,1,65536]", "sample", "--model", model.toString(), "--points",
                Integer.toString(count), "--seed", "-7", "--solver", "midpoint", "--steps", "2", "--points-per-file", "700000", "--out",
                out.toString());
        job.await("files", 2, () -> committed(out));
        assertTrue(job.processes("CoarseGrainedExecutorBackend").get(0).destroyForcibly());
        assertEquals(0, job.end(), job::toString);
        assertTrue(job.errors().contains("Lost executor"), job::toString);

        BitSet seen = new BitSet(count);
        int files = 0;
        long bytes = 0;
        try (Stream<Path> list = Files.list(out)) {
            for (Path file : list.filter(path -> path.toString().endsWith(".parquet")).toList()) {
                files++;
                bytes += Files.size(file);
                compare(file, expected, seen);
            }
        }
        assertEquals(count, seen.cardinality());
        assertEquals((count + 699_999) / 700_000, files);
        assertTrue(bytes < 8.2 * count, bytes + " bytes");
    }

    /** The files of tasks that have ended. */
    private static int committed(Path out) {
        try (Stream<Path> tasks = Files.list(out.resolve("_temporary/0"))) {
            return (int) tasks.filter(task -> task.getFileName().toString().startsWith("task_")).count();
        } catch (IOException e) {
            return 0;
        }
    }

    private static void compare(Path file, float[] expected, BitSet seen) throws IOException {
        try (ParquetFileReader reader = ParquetFileReader.open(HadoopInputFile.fromPath(new org.apache.hadoop.fs.Path(file.toUri()),
                new Configuration()))) {
            MessageType schema = reader.getFileMetaData().getSchema();
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                ColumnReadStoreImpl columns = new ColumnReadStoreImpl(pages, new GroupRecordConverter(schema).getRootConverter(), schema,
                        reader.getFileMetaData().getCreatedBy());
                ColumnReader[] read = Stream.of("index", "x", "y").map(name -> columns.getColumnReader(schema.getColumnDescription(
                        new String[] {name}))).toArray(ColumnReader[]::new);
                for (long row = 0; row < pages.getRowCount(); row++) {
                    int index = Math.toIntExact(read[0].getLong());
                    assertFalse(seen.get(index), "point " + index + " is there once");
                    seen.set(index);
                    if (read[1].getFloat() != expected[2 * index] || read[2].getFloat() != expected[2 * index + 1]) {
                        throw new AssertionError("point " + index + " differs");
                    }
                    Arrays.stream(read).forEach(ColumnReader::consume);
                }
            }
        }
    }
}
