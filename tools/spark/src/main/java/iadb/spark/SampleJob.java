package iadb.spark;

import iadb.LearnedMap;
import iadb.cl.Context;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.sample.Integration.Schedule;
import iadb.sample.Solver;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ContentSummary;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Maps fresh points of p0 to Parquet. A point is a function of the seed and its index, so that neither the number of tasks nor a task
 * that is run again changes any; a task holds some megabytes of them at a time.
 */
@Command(name = "sample", mixinStandardHelpOptions = true,
        description = "Maps fresh points of p0 with a saved model and writes them as Parquet: index, x, y. The same seed gives the same"
                + " points, however they are shared out.")
public final class SampleJob extends Job {
    /** Columns of the points: their index, and their coordinates in the units of the map's box. */
    public static final StructType COLUMNS = new StructType().add("index", DataTypes.LongType, false)
            .add("x", DataTypes.FloatType, false).add("y", DataTypes.FloatType, false);

    private static final int CHUNK_POINTS = 1 << 18;

    @Option(names = "--model", paramLabel = "FILE", required = true,
            description = "A model.safetensors, on any file system that Spark reads.")
    private String model;

    @Option(names = "--points", paramLabel = "N", required = true, description = "How many points, at most 2^32.")
    private long points;

    @Option(names = "--out", paramLabel = "DIR", required = true,
            description = "Folder for the Parquet files, new or empty, on any file system that Spark writes.")
    private String out;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "Seed of the points (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--steps", paramLabel = "T", defaultValue = "128", description = "Solver steps of the map (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--solver", paramLabel = "euler|midpoint|rk4", defaultValue = "euler",
            description = "Evaluations of the network per step: 1 (euler), 2 (midpoint) or 4 (rk4) (default: ${DEFAULT-VALUE}).")
    private String solver;

    @Option(names = "--schedule", paramLabel = "linear|cosine", defaultValue = "linear",
            description = "Equal steps, or short steps first (default: ${DEFAULT-VALUE}).")
    private String schedule;

    @Option(names = "--points-per-file", paramLabel = "N", defaultValue = "4194304",
            description = "Points of a task, which writes one file of 8 bytes a point (default: ${DEFAULT-VALUE}).")
    private int pointsPerFile;

    private Sampling sampling;

    /**
     * Which points to map, and how.
     *
     * @param count         from index 0, 1 to {@link LearnedMap#SEED_POINTS}
     * @param seed          the same seed gives the same points
     * @param solver        how a step is computed
     * @param schedule      the lengths of the steps
     * @param steps         T, 1 to {@link LearnedMap#MAX_STEPS}
     * @param pointsPerTask 1 or more; does not change the points
     */
    public record Sampling(long count, long seed, Solver solver, Schedule schedule, int steps, int pointsPerTask) implements Serializable {
        /** @throws InvalidInputException if a value is out of its range */
        public Sampling {
            if (count < 1 || count > LearnedMap.SEED_POINTS) {
                throw new InvalidInputException(String.format(Locale.ROOT, "points %d is not a whole number from 1 to %,d: take further"
                        + " points from another seed", count, LearnedMap.SEED_POINTS));
            }
            InvalidInputException.requireRange("steps", steps, LearnedMap.MAX_STEPS);
            InvalidInputException.requireRange("points per file", pointsPerTask, LearnedMap.MAX_POINTS);
        }

        int tasks() { return Math.toIntExact((count + pointsPerTask - 1) / pointsPerTask); }
    }

    /** Run by {@code spark-submit}; {@code --help} prints the options. */
    public static void main(String[] arguments) { main(new SampleJob(), arguments); }

    @Override
    void check() {
        sampling = new Sampling(points, seed, word("--solver", solver, Solver.values()), word("--schedule", schedule, Schedule.values()), steps,
                pointsPerFile);
    }

    @Override
    int run(SparkSession spark) throws IOException {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Path folder = new Path(out);
        FileSystem files = files(folder, configuration);
        if (files.exists(folder) && Stream.of(files.listStatus(folder)).anyMatch(file -> !file.getPath().getName().equals("_temporary"))) {
            throw new InvalidInputException(out + " is not empty: give a new folder");
        }
        make(folder, configuration);
        long start = System.nanoTime();
        points(spark, new Path(model), sampling).write().mode(SaveMode.Overwrite) // of what an interrupted run left
                .option("parquet.writer.version", "v2").parquet(out); // version 2 stores the indices in next to no space
        ContentSummary written = files.getContentSummary(folder);
        System.out.printf(Locale.ROOT, "%s: %,d points, %,d MB, %.1f s%n", out, points, written.getLength() / 1_000_000,
                (System.nanoTime() - start) * 1e-9);
        return 0;
    }

    private static <T> T word(String option, String text, T[] values) {
        return Stream.of(values).filter(value -> value.toString().equals(text)).findFirst()
                .orElseThrow(() -> new InvalidInputException("%s takes %s, not '%s'".formatted(option,
                        String.join(" or ", Stream.of(values).map(Object::toString).toList()), text)));
    }

    /**
     * The points of a map as {@link #COLUMNS}, made when they are used.
     *
     * @param model a model file, read now
     * @throws InvalidInputException if there is no such file, or its model has no p0
     */
    public static Dataset<Row> points(SparkSession spark, Path model, Sampling sampling) throws IOException {
        FileSystem files = files(model, spark.sparkContext().hadoopConfiguration());
        if (!files.exists(model)) {
            throw new InvalidInputException("no such file: " + model + "; give a model.safetensors that 'train' wrote");
        }
        byte[] content = read(model, spark.sparkContext().hadoopConfiguration());
        if (parsed(content).p0().isEmpty()) {
            throw new InvalidInputException(model + " does not hold the density p0 that it was trained with");
        }
        Broadcast<byte[]> shared = JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(content);
        FlatMapFunction<Long, Row> map = task -> new Points(open(shared.value(), sampling), sampling, task);
        return spark.range(0, sampling.tasks(), 1, sampling.tasks()).flatMap(map, Encoders.row(COLUMNS));
    }

    private static Model parsed(byte[] content) throws IOException {
        return inFolder(folder -> Model.read(Files.write(folder.resolve("model.safetensors"), content)));
    }

    /** The map on the device of this task, open until the task ends. */
    private static LearnedMap open(byte[] model, Sampling sampling) throws IOException {
        TaskContext task = TaskContext.get();
        try (Context device = Devices.of(task); LearnedMap map = LearnedMap.of(parsed(model), device)) {
            LearnedMap opened = map.withSteps(sampling.solver(), sampling.schedule(), sampling.steps());
            task.addTaskCompletionListener((TaskCompletionListener) ended -> opened.close());
            return opened;
        }
    }

    /** The points of a task, in chunks. */
    private static final class Points implements Iterator<Row> {
        private final LearnedMap map;
        private final long seed;
        private final long end;
        private long next; // index of the next point
        private float[] chunk = {}; // [n, 2]
        private int position; // of the next point's x in the chunk

        Points(LearnedMap map, Sampling sampling, long task) {
            this.map = map;
            seed = sampling.seed();
            next = task * sampling.pointsPerTask();
            end = Math.min(sampling.count(), next + sampling.pointsPerTask());
        }

        @Override
        public boolean hasNext() { return next < end; }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            if (position == chunk.length) {
                chunk = map.sample(next, (int) Math.min(CHUNK_POINTS, end - next), seed);
                position = 0;
            }
            position += 2;
            return RowFactory.create(next++, chunk[position - 2], chunk[position - 1]);
        }
    }
}
