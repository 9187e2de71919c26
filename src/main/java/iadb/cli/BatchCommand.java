package iadb.cli;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.Png;
import iadb.model.Model;
import iadb.plot.PointPicture;
import iadb.train.TrainingQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Trains the maps of a table. */
@Command(name = "batch", mixinStandardHelpOptions = true,
        description = {"Trains a map for each row of a table, many at once, and writes each to a folder of its own in --out, with the loss,"
            + " and all of them to summary.csv.", "",
            "JOBS.csv has a header with 'name' and options of 'train' without their dashes, such as name,p0,p1,preset,seed. A row names"
            + " its folder and gives the options' values; an empty cell is the default. An option without a value, such as invert, takes"
            + " true or false.", "",
            "A map that is done is skipped when the command is started again, unless its row has changed. A row that is wrong or fails is"
            + " reported with its line; the others are trained, and the exit code is 1.", ""})
final class BatchCommand implements Callable<Integer>, TrainingQueue.Observer<JobTable.Row> {
    private static final Logger LOG = LoggerFactory.getLogger(BatchCommand.class);
    private static final int PICTURE_SIDE = 640;
    private static final String MODEL = "model.safetensors";
    private static final String POINTS = "points.png";

    @Parameters(paramLabel = "JOBS.csv", description = "The table of maps to train.")
    private Path file;

    @Option(names = "--devices", paramLabel = "auto|all|LIST", defaultValue = "auto",
            description = "OpenCL devices that share the rows: all, or indices, names or UUIDs as for 'train --device', separated by commas"
                    + " (default: ${DEFAULT-VALUE}).")
    private String devices;

    @Option(names = "--at-once", paramLabel = "K",
            description = "Most maps that a device trains at once (default: as many as keep it busy).")
    private Integer atOnce;

    @Option(names = "--count", paramLabel = "N", defaultValue = "65536",
            description = "Points to evaluate of each map (default: ${DEFAULT-VALUE}).")
    private int count;

    @Option(names = "--pictures", description = "Write points.png and loss.png of each map, too.")
    private boolean pictures;

    @Mixin
    private Options.TuningFile tuning;

    @Mixin
    private Options.Output output;

    @Spec
    private CommandSpec spec;

    private BatchComparison comparison;
    private Path folder;
    private JobTable table;
    private BatchSummary summary; // guarded by this, as all below
    private ProgressDisplay display;
    private final List<Trained> unevaluated = new ArrayList<>();
    private long steps;
    private int before; // maps that earlier runs have trained
    private int trained;
    private int failed;

    /** A trained map whose evaluation needs more memory than other trainings leave. */
    private record Trained(JobTable.Row row, Model model, double loss, double seconds, Context context) { }

    @Override
    public Integer call() throws IOException {
        InvalidInputException.requireRange("--count", count, EvaluateCommand.MAX_COUNT);
        Options.refuse(atOnce != null && atOnce < 1, "--at-once " + atOnce + " is not " + Options.range("", "--at-once"));
        table = new JobTable(file);
        table.faults().forEach((line, fault) -> LOG.error("{}", table.at(line, fault)));
        failed = table.faults().size();
        comparison = new BatchComparison(count);
        folder = output.ready();
        summary = new BatchSummary(folder.resolve("summary.csv"), table, count);
        tuning.use();
        try (Resources resources = new Resources()) {
            List<Context> contexts = contexts(resources);
            try {
                train(rowsToTrain(contexts.get(0)), contexts);
            } finally {
                summary.write();
            }
            int left = table.rows().size() + table.faults().size() - before - trained - failed;
            System.out.println(UntrustedText.line("%s: %s trained%s%s%s".formatted(folder.resolve("summary.csv"), trained,
                    before > 0 ? ", " + before + " done before" : "", failed > 0 ? ", " + failed + " failed" : "",
                    left > 0 ? ", " + left + " not reached" : "")));
        }
        return failed > 0 ? Main.EXIT_FAILURE : 0;
    }

    private void train(List<JobTable.Row> rows, List<Context> contexts) {
        long total = rows.stream().mapToLong(row -> row.settings().totalIterations()).sum();
        try (ProgressDisplay shown = ProgressDisplay.of("training", "iterations", 0, total)) {
            display = shown;
            TrainingQueue.run(rows, contexts, Optional.ofNullable(atOnce), this);
            for (Trained map : unevaluated) {
                if (progressed(0) && evaluateAlone(map)) {
                    trained++;
                }
            }
            if (progressed(0)) {
                progressed(total - steps); // the iterations that failed maps lack
            }
        }
    }

    /** Opens the devices; leaves out those that cannot be opened, unless it is all of them. */
    private List<Context> contexts(Resources resources) {
        List<Device> chosen = devices.equals("all") ? Device.all() : Stream.of(devices.split(",", -1)).map(Device::select).distinct().toList();
        List<Context> contexts = new ArrayList<>();
        for (Device device : chosen) {
            try {
                Context context = resources.add(Context.open(device));
                context.onFirstUse(Options.DeviceChoice::log);
                contexts.add(context);
            } catch (OpenClException e) {
                if (contexts.isEmpty() && device == chosen.get(chosen.size() - 1)) {
                    throw e;
                }
                LOG.warn("{}; the other devices train without it", e.getMessage());
            }
        }
        return contexts;
    }

    /** The rows without a model of their settings; completes the figures and pictures of the others. */
    private List<JobTable.Row> rowsToTrain(Context context) throws IOException {
        List<JobTable.Row> rows = new ArrayList<>();
        for (JobTable.Row row : table.rows()) {
            if (Interruption.isRequested()) {
                return List.of();
            }
            Path own = folder.resolve(row.name());
            Optional<Model> model = row.result(own.resolve(MODEL));
            if (model.isEmpty()) {
                summary.remove(row);
                rows.add(row);
                continue;
            }
            if (pictures) {
                TrainingReporter.drawIfMissing(own);
            }
            boolean isComplete = summary.has(row) && !(pictures && Files.notExists(own.resolve(POINTS)));
            if (isComplete || evaluateAlone(new Trained(row, model.get(), Double.NaN, Double.NaN, context))) {
                before++;
            }
            summary.writeIfDue();
        }
        summary.write(); // without the figures of maps that are to be trained anew
        return rows;
    }

    @Override
    public synchronized boolean progressed(long more) {
        steps += more;
        display.show(steps, "%s of %s maps%s".formatted(before + trained, table.rows().size() + table.faults().size(),
                failed > 0 ? ", " + failed + " failed" : ""));
        try {
            summary.writeIfDue();
        } catch (IOException e) { // the write at the end reports it, unless there is space again
            LOG.debug("cannot write the summary", e);
        }
        return !Interruption.isRequested();
    }

    @Override
    public void trained(JobTable.Row row, TrainingQueue.Result result, Context context) {
        Trained map = new Trained(row, result.model(), result.history().smoothed(), result.seconds(), context);
        try {
            Path own = Files.createDirectories(folder.resolve(row.name()));
            TrainingReporter.deletePicture(own);
            TrainingReporter.writeTable(result.history(), own);
            Model.write(own.resolve(MODEL), result.model()); // now the row is done, whatever happens to its evaluation
            Files.deleteIfExists(own.resolve(POINTS)); // of the map before
            if (pictures) {
                TrainingReporter.drawIfMissing(own);
            }
            evaluate(map);
            synchronized (this) {
                trained++;
            }
        } catch (DeviceLimitException e) {
            LOG.debug("line {} is evaluated at the end: {}", row.line(), e.getMessage());
            synchronized (this) {
                unevaluated.add(map);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Compares the map's points with p1, and draws them. */
    private void evaluate(Trained map) throws IOException {
        BatchSummary.Figures figures = comparison.figures(map.context, map.model, map.row.steps(), map.loss, map.seconds, (starts, points) -> {
            if (pictures) {
                PointPicture picture = new PointPicture(PICTURE_SIDE, PICTURE_SIDE, count);
                picture.add(starts, points);
                Png.write(folder.resolve(map.row.name()).resolve(POINTS), picture.render());
            }
        });
        synchronized (this) {
            summary.put(map.row, figures);
        }
    }

    /** Evaluates a map while no other trains, or reports why that cannot be. */
    private boolean evaluateAlone(Trained map) {
        try {
            evaluate(map);
            return true;
        } catch (DeviceLimitException e) {
            failed(map.row, "trained, but not evaluated: " + e.getMessage() + Remedies.of(e, spec), e);
        } catch (IOException e) {
            failed(map.row, new UncheckedIOException(e));
        }
        return false;
    }

    @Override
    public void failed(JobTable.Row row, RuntimeException why) {
        CommandSpec options = row.options();
        options.addOption(spec.findOption("--devices"));
        failed(row, why instanceof UncheckedIOException e ? e.getCause() instanceof FileSystemException fault
                ? "cannot write %s: %s".formatted(fault.getFile(), FileFault.of(fault)) : "writing failed: " + e.getCause().getMessage()
                : why.getMessage() + Remedies.of(why, options), why);
    }

    private synchronized void failed(JobTable.Row row, String message, RuntimeException why) {
        LOG.debug("stack trace", why);
        LOG.error("{}", table.at(row.line(), message));
        failed++;
    }

    @Override
    public synchronized void lost(Device device, OpenClException why) {
        LOG.warn("{}; the other devices train its maps", why.getMessage());
    }
}
