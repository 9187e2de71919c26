package iadb.spark;

import iadb.Densities;
import iadb.LearnedMap;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cli.BatchComparison;
import iadb.cli.BatchSummary;
import iadb.cli.JobTable;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.Csv;
import iadb.model.Model;
import iadb.train.DivergedException;
import iadb.train.TrainingQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Trains a table of maps, as the program's command {@code batch} does on one machine. A model is written under a temporary name and
 * renamed; a row whose model is there is not trained again, neither by a task that is run again nor by a later job.
 */
@Command(name = "batch", mixinStandardHelpOptions = true,
        description = "Trains the maps of a table, as 'iadb-cl batch' does: its columns are 'name' and options of 'iadb-cl train' without"
                + " their dashes. Writes NAME/model.safetensors of each row, but no loss.csv, and summary.csv. A wrong row is reported with"
                + " its line, and the exit code is then 1; started again, trains only the rows that are not done.")
public final class BatchJob extends Job {
    /** Columns of the figures, those of the program's summary.csv; {@code error}, in one line, of a row that could not be trained. */
    public static final StructType COLUMNS = new StructType(Stream.of(Stream.of("line", "name"), BatchSummary.FIGURES.stream(),
            Stream.of("error")).flatMap(names -> names).map(BatchJob::field).toArray(StructField[]::new));

    private static final String MODEL = "model.safetensors";
    private static final String SUMMARY = "summary.csv";
    private static final String TEMPORARY = "_temporary";

    @Parameters(paramLabel = "JOBS", description = "The table, on any file system that Spark reads: CSV, or Parquet if its name ends in"
            + " .parquet.")
    private String jobs;

    @Option(names = "--out", paramLabel = "DIR", required = true,
            description = "Folder for all files, on any file system that Spark writes; created if missing.")
    private String out;

    @Option(names = "--count", paramLabel = "N", defaultValue = "65536",
            description = "Points to evaluate of each map (default: ${DEFAULT-VALUE}).")
    private int count;

    @Option(names = "--rows-per-task", paramLabel = "N",
            description = "Rows of a task, which trains them on one device, at once if it can; give a GPU a hundred (default: the rows divided"
                    + " by Spark's setting spark.default.parallelism, or 1 without that setting).")
    private Integer rowsPerTask;

    private static StructField field(String name) {
        DataType type = switch (name) {
            case "line", "steps" -> DataTypes.IntegerType;
            case "name", "device", "error" -> DataTypes.StringType;
            default -> DataTypes.DoubleType;
        };
        return DataTypes.createStructField(name, type, true);
    }

    /** Run by {@code spark-submit}; {@code --help} prints the options. */
    public static void main(String[] arguments) { main(new BatchJob(), arguments); }

    @Override
    void check() { check(count, rowsPerTask == null ? 1 : rowsPerTask); }

    private static void check(int points, int rowsPerTask) {
        InvalidInputException.requireRange("count", points, LearnedMap.MAX_POINTS);
        InvalidInputException.requireRange("rows per task", rowsPerTask, Integer.MAX_VALUE);
    }

    @Override
    int run(SparkSession spark) throws IOException {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Path from = new Path(jobs);
        if (!files(from, configuration).exists(from)) {
            throw new InvalidInputException("no such file: " + jobs);
        }
        Map<Integer, List<String>> records = jobs.endsWith(".parquet") ? records(spark.read().parquet(jobs))
                : Csv.records(new String(read(from, configuration), StandardCharsets.UTF_8));
        JobTable table = new JobTable(jobs, records);
        Path folder = new Path(out);
        make(folder, configuration);
        List<Row> results = train(spark, table, records, folder, count, rowsPerTask(spark, table.rows().size())).collectAsList();
        FileSystem files = files(folder, configuration);
        Path summary = new Path(folder, SUMMARY);
        write(summary, inFolder(local -> summary(table, results, files.exists(summary) ? read(summary, configuration) : new byte[0], local)),
                new Path(folder, TEMPORARY + "/" + SUMMARY), configuration);
        files.delete(new Path(folder, TEMPORARY), true);
        Map<Integer, String> errors = errors(table, results);
        errors.forEach((line, error) -> System.err.println("iadb-cl: " + UntrustedText.line(table.at(line, error))));
        int all = table.rows().size() + table.faults().size();
        System.out.println(UntrustedText.line(String.format(Locale.ROOT, "%s: %,d of %,d maps", summary, all - errors.size(), all)));
        return errors.isEmpty() ? 0 : 1;
    }

    /** Not by the slots that Spark knows of: executors may still be starting, or be added when tasks wait. */
    private int rowsPerTask(SparkSession spark, int rows) {
        int tasks = Math.max(1, spark.sparkContext().conf().getInt("spark.default.parallelism", rows));
        return rowsPerTask != null ? rowsPerTask : Math.max(1, (rows + tasks - 1) / tasks);
    }

    /** Why rows of the table have no map, by line. */
    private static Map<Integer, String> errors(JobTable table, List<Row> results) {
        Map<Integer, String> errors = new TreeMap<>(table.faults());
        table.rows().forEach(row -> errors.put(row.line(), "its task returned no result"));
        for (Row result : results) {
            if (result.getAs("error") == null) {
                errors.remove(result.<Integer>getAs("line"));
            } else {
                errors.put(result.getAs("line"), result.getAs("error"));
            }
        }
        return errors;
    }

    /** The program's summary, with what an earlier one says of maps that were done before. */
    private byte[] summary(JobTable table, List<Row> results, byte[] earlier, java.nio.file.Path folder) throws IOException {
        java.nio.file.Path file = Files.write(folder.resolve(SUMMARY), earlier);
        BatchSummary summary = new BatchSummary(file, table, count);
        Map<Integer, JobTable.Row> rows = new TreeMap<>();
        table.rows().forEach(row -> rows.put(row.line(), row));
        for (Row result : results) {
            JobTable.Row row = rows.get(result.<Integer>getAs("line"));
            if (result.getAs("error") == null && !(result.getAs("seconds") == null && summary.has(row))) {
                summary.put(row, figures(result));
            }
        }
        summary.write();
        return Files.readAllBytes(file);
    }

    private static BatchSummary.Figures figures(Row row) {
        return new BatchSummary.Figures(row.getInt(2), row.getDouble(3), row.getDouble(4), row.getDouble(5), row.getDouble(6),
                row.isNullAt(7) ? Double.NaN : row.getDouble(7), row.isNullAt(8) ? Double.NaN : row.getDouble(8), row.getString(9));
    }

    private static Row row(JobTable.Row row, BatchSummary.Figures of) {
        return RowFactory.create(row.line(), row.name(), of.steps(), of.distance(), of.exactDistance(), of.variation(), of.exactVariation(),
                Double.isNaN(of.loss()) ? null : of.loss(), Double.isNaN(of.seconds()) ? null : of.seconds(), of.device(), null);
    }

    private static Row row(int line, String name, String error) {
        return RowFactory.create(line, name, null, null, null, null, null, null, null, null, error);
    }

    private static Map<Integer, List<String>> records(Dataset<Row> jobs) {
        Map<Integer, List<String>> records = new TreeMap<>(Map.of(0, List.of(jobs.columns())));
        for (Row row : jobs.collectAsList()) {
            records.put(records.size(), Stream.iterate(0, i -> i + 1).limit(row.size())
                    .map(i -> row.isNullAt(i) ? "" : row.get(i).toString().strip()).toList());
        }
        return records;
    }

    /**
     * Trains the rows of a table that are not done, when the result is used. A row that cannot be trained has an {@code error}.
     *
     * @param jobs        a column {@code name}, and columns of any types called as options of {@code train}
     * @param out         the folder of the models
     * @param points      of each map to evaluate, such as 65,536
     * @param rowsPerTask rows that are trained on one device, at once if it can
     * @return {@link #COLUMNS}; {@code line} counts the rows from 1, and {@code loss} and {@code seconds} are null if an earlier job or task
     *     trained the map
     * @throws InvalidInputException if a column is not an option
     */
    public static Dataset<Row> train(Dataset<Row> jobs, Path out, int points, int rowsPerTask) throws IOException {
        Map<Integer, List<String>> records = records(jobs);
        return train(jobs.sparkSession(), new JobTable("the table", records), records, out, points, rowsPerTask);
    }

    private static Dataset<Row> train(SparkSession spark, JobTable table, Map<Integer, List<String>> records, Path out, int points,
            int rowsPerTask) throws IOException {
        check(points, rowsPerTask);
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        List<String> header = new ArrayList<>(List.of("name"));
        header.addAll(table.columns());
        List<TreeMap<Integer, List<String>>> tasks = new ArrayList<>();
        int taken = 0;
        for (JobTable.Row row : table.rows()) {
            if (taken++ % rowsPerTask == 0) {
                tasks.add(new TreeMap<>(Map.of(0, header)));
            }
            List<String> record = new ArrayList<>(List.of(row.name()));
            for (int i = 0; i < row.cells().size(); i++) {
                boolean isDensity = table.columns().get(i).matches("p[01]");
                record.add(isDensity ? qualified(row.cells().get(i), configuration) : row.cells().get(i));
            }
            tasks.get(tasks.size() - 1).put(row.line(), record);
        }
        List<Row> faults = table.faults().entrySet().stream().map(fault -> row(fault.getKey(), null, fault.getValue())).toList();
        Path folder = files(out, configuration).makeQualified(out);
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> shared = context.broadcast(new SerializableConfiguration(configuration));
        return spark.createDataFrame(context.parallelize(tasks, Math.max(1, tasks.size()))
                .flatMap(task -> new Task(folder, shared.value().value(), new BatchComparison(points), TaskContext.get()).run(task)), COLUMNS)
                .union(spark.createDataFrame(faults, COLUMNS));
    }

    /** The text of a density; of a file, its path with its file system, since executors have other working folders. */
    private static String qualified(String text, Configuration configuration) throws IOException {
        if (Densities.names().contains(text) || !text.matches(".*[./].*")) {
            return text;
        }
        try {
            Path file = new Path(text);
            return files(file, configuration).makeQualified(file).toString();
        } catch (IllegalArgumentException e) {
            return text; // no path: its row will say so
        }
    }

    /** A task, on an executor. */
    private record Task(Path out, Configuration configuration, BatchComparison comparison, TaskContext task) {
        /**
         * Trains some rows. Throws what another try or another machine may remedy.
         *
         * @param records a header and rows
         */
        Iterator<Row> run(Map<Integer, List<String>> records) throws IOException {
            List<Row> results = new ArrayList<>();
            inFolder(local -> {
                try (Context device = Devices.of(task)) {
                    JobTable table = new JobTable("the table", withLocalFiles(records, local, results));
                    table.faults().forEach((line, fault) -> results.add(row(line, records.get(line).get(0), fault)));
                    List<JobTable.Row> rows = new ArrayList<>();
                    for (JobTable.Row row : table.rows()) {
                        Optional<Model> model = row.result(copy(new Path(new Path(out, row.name()), MODEL), local.resolve(MODEL)));
                        if (model.isPresent()) {
                            results.add(row(row, figures(row, model.get(), Double.NaN, Double.NaN, device)));
                        } else {
                            rows.add(row);
                        }
                    }
                    TrainingQueue.run(rows, List.of(device), Optional.empty(), new Observer(this, local, results));
                }
                task.killTaskIfInterrupted();
                return null;
            });
            return results.iterator();
        }

        private BatchSummary.Figures figures(JobTable.Row row, Model model, double loss, double seconds, Context device) throws IOException {
            return comparison.figures(device, model, row.steps(), loss, seconds, (starts, ends) -> { });
        }

        /** The rows with paths on this machine's disk, where files are copied unless they are there; without the rows that lack a file. */
        private Map<Integer, List<String>> withLocalFiles(Map<Integer, List<String>> records, java.nio.file.Path local, List<Row> results)
                throws IOException {
            Map<Integer, List<String>> found = new TreeMap<>();
            Map<String, java.nio.file.Path> copies = new HashMap<>(); // each in a folder of its own, since it keeps its name
            List<String> header = records.get(0);
            for (Map.Entry<Integer, List<String>> entry : records.entrySet()) {
                List<String> record = new ArrayList<>(entry.getValue());
                String missing = null;
                for (int i = 1; i < record.size(); i++) {
                    if (header.get(i).matches("p[01]") && record.get(i).matches("[A-Za-z][A-Za-z0-9+.-]*:/.*")) {
                        Path file = new Path(record.get(i));
                        if (files(file, configuration) instanceof LocalFileSystem disk) {
                            record.set(i, disk.pathToFile(file).toString());
                            continue;
                        }
                        java.nio.file.Path copy = copies.get(record.get(i));
                        if (copy == null) {
                            java.nio.file.Path folder = Files.createDirectories(local.resolve(Integer.toString(copies.size())));
                            copy = copy(file, folder.resolve(file.getName()));
                            copies.put(record.get(i), copy);
                        }
                        missing = Files.exists(copy) ? missing : "no such file: " + file;
                        record.set(i, copy.toString());
                    }
                }
                if (missing == null) {
                    found.put(entry.getKey(), record);
                } else {
                    results.add(row(entry.getKey(), record.get(0), missing));
                }
            }
            return found;
        }

        /** Copies a file to this machine's disk, if it exists and is not there. */
        private java.nio.file.Path copy(Path file, java.nio.file.Path to) throws IOException {
            Files.deleteIfExists(to);
            FileSystem files = files(file, configuration);
            if (files.exists(file)) {
                files.copyToLocalFile(false, file, new Path(to.toUri()), true);
            }
            return to;
        }
    }

    /** Saves the maps of a task. */
    private record Observer(Task task, java.nio.file.Path local, List<Row> results) implements TrainingQueue.Observer<JobTable.Row> {
        @Override
        public boolean progressed(long steps) { return !task.task().isInterrupted(); }

        @Override
        public void trained(JobTable.Row row, TrainingQueue.Result trained, Context device) {
            try {
                Model.write(local.resolve(MODEL), trained.model());
                Path temporary = new Path(task.out(), TEMPORARY + "/" + row.name() + "-" + task.task().taskAttemptId());
                write(new Path(new Path(task.out(), row.name()), MODEL), Files.readAllBytes(local.resolve(MODEL)), temporary,
                        task.configuration()); // now the row is done, even if its evaluation fails
                results.add(row(row, task.figures(row, trained.model(), trained.history().smoothed(), trained.seconds(), device)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void failed(JobTable.Row row, RuntimeException why) {
            if (!(why instanceof InvalidInputException || why instanceof DivergedException || why instanceof DeviceLimitException)) {
                throw why;
            }
            results.add(row(row.line(), row.name(), why.getMessage()));
        }

        @Override
        public void lost(Device device, OpenClException why) { throw why; }
    }
}
