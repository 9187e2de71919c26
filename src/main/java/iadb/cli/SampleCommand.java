package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.draw.Sequence;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.NpyWriter;
import iadb.file.PointWriter;
import iadb.model.Model;
import iadb.model.ModelFile;
import iadb.sample.Integration;
import iadb.sample.PointsWithDensity;
import iadb.sample.PushForward;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Moves points with a trained model, any number of them, and says how dense what it makes is. */
@Command(name = "sample", mixinStandardHelpOptions = true, versionProvider = ProgramVersion.class, sortOptions = false,
        description = {"Moves points with a trained model: fresh ones of p0, or those of a file, to p1. Any number of them streams"
            + " through in bounded memory.",
            "A solver's step evaluates the network once (euler), twice (midpoint) or four times (rk4). At 128 evaluations, euler's"
            + " 128 steps end 0.0018 from where exact ones would, midpoint's 64 steps 0.00003, rk4's 32 steps 0.00003 (mean over"
            + " points of gaussian to spiral). Midpoint and rk4 gain alike, since the network's kinks cap the order at 2."})
final class SampleCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(SampleCommand.class);
    private static final int DEFAULT_POINTS = 2048;

    @Option(names = "--model", paramLabel = "FILE", required = true, description = "A trained model.")
    private Path modelFile;

    @Option(names = "--points", paramLabel = "N", description = "Fresh points to move (default: 2048).")
    private Integer points;

    @Option(names = "--sequence", paramLabel = "random|sobol", defaultValue = "random",
            description = "Fresh points are independent, or Sobol's, Owen-scrambled by the seed: evener, so that a mean over what"
                    + " they become errs less; best with N a power of two (default: ${DEFAULT-VALUE}).")
    private String sequence;

    @Option(names = "--from", paramLabel = "FILE",
            description = "Points to move: .npy [N, 2] of float32 or float64, or .csv, x,y a row.")
    private Path from;

    @Mixin
    private Options.Way way;

    @Option(names = "--reverse",
            description = "From p1 to p0, along the same field from its end to its start. That is another map than the inverse of the"
                    + " first, and nearer to it the shorter the steps are; --inverse is exact.")
    private boolean reverse;

    @Option(names = "--inverse",
            description = "Take the points of --from back to where these very steps took them from; NaN where one does not invert.")
    private boolean inverse;

    @Option(names = "--log-density",
            description = "A third column: the natural logarithm of the density, per unit of the square's area, of what the steps"
                    + " make of the base, exact up to rounding.")
    private boolean logDensity;

    @Option(names = "--at", paramLabel = "FILE",
            description = "Move nothing, but give that density at the points of a file, by inverting the steps; NaN where one does"
                    + " not invert.")
    private Path at;

    @Option(names = "--trajectory",
            description = "All steps of each point: an array [T+1, N, 2] in a .npy file; [T+1, N, 3] with --log-density.")
    private boolean trajectory;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of the fresh points (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Mixin
    private Options.ModelDensities densities;

    @Mixin
    private Options.DeviceChoice device;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", required = true,
            description = "The points' new places; its ending chooses .npy, .csv, .svg, .ply or .png. In a .png, a point's colour is"
                    + " the direction of its start from the middle.")
    private Path output;

    @Mixin
    private Options.Verbosity verbosity;

    @Spec
    private CommandSpec spec;

    /** The points of a command, chunk by chunk, and how many are done. */
    private static final class Points {
        private final PointStream stream;
        private final ProgressDisplay display;
        private long done;
        private int underWay;

        Points(PointStream stream, ProgressDisplay display) {
            this.stream = stream;
            this.display = display;
        }

        float[] next() {
            done += underWay;
            float[] chunk = stream.next(PushForward.CHUNK_POINTS);
            underWay = chunk.length / 2;
            display.show(done, "");
            return chunk;
        }

        boolean goOn(double share) {
            display.show(done + (long) (share * underWay), "");
            return !Interruption.underWay();
        }
    }

    @Override
    public Integer call() throws IOException {
        StderrLogging.setLevel(verbosity.verbose, verbosity.quiet);
        refuseContradictions();
        Integration integration = way.integration(reverse);
        Sequence evenness = Options.word("--sequence", sequence, Sequence.values(), "");
        int count = points == null ? DEFAULT_POINTS : points;
        Options.positive("--points", count, Integer.MAX_VALUE);
        Model model = ModelFile.read(modelFile);
        boolean withDensity = logDensity || at != null;
        boolean drawn = from == null && at == null;
        Optional<Density> base = withDensity || drawn
                ? Optional.of(densities.require(Optional.of(model), !reverse, modelFile)) : Optional.empty();
        long moved;
        try (Context context = device.open();
                PointStream stream = drawn ? PointStream.of(context, base.orElseThrow(), evenness, seed, count)
                        : PointStream.of(from != null ? from : at);
                ProgressDisplay display = ProgressDisplay.of("moving", "points", 0, stream.count())) {
            Points all = new Points(stream, display);
            requireRoom(stream.count() * (trajectory ? integration.T() + 1.0 : 1), withDensity);
            try (PushForward map = new PushForward(context, model.network(), base, integration, all::goOn)) {
                if (trajectory) {
                    writeTrajectory(map, all, integration.T());
                } else {
                    writePoints(map, all, withDensity, aspect(model));
                }
            }
            moved = stream.count();
        }
        System.out.println(UntrustedText.line(String.format(Locale.ROOT, "%s: %,d points, %,d %s steps%s", output, moved,
                integration.T(), integration.solver(), at != null || inverse ? " inverted" : "")));
        return 0;
    }

    private void refuseContradictions() {
        boolean isNpy = PointWriter.Form.of(output) == PointWriter.Form.NPY;
        refuse(from != null && at != null, "--from and --at: give one of them");
        refuse(points != null && (from != null || at != null), "--points are fresh ones: leave it out with --from and --at");
        refuse(isGiven("--sequence") && (from != null || at != null),
                "--sequence is of fresh points: leave it out with --from and --at");
        refuse(trajectory && (at != null || inverse), "--trajectory is of points that move forward: leave out --at and --inverse");
        refuse(inverse && (from == null || logDensity), inverse && logDensity ? "--at gives the density of the points of a file"
                : "--inverse needs --from: the points to take back");
        refuse(trajectory && !isNpy, output + ": a trajectory is an array of three axes: give a file that ends in .npy");
        Options.requireWritable(output);
        refuse((logDensity || at != null) && !PointWriter.Form.of(output).holdsDensity(), output
                + ": a picture has no third column for a log-density; give a file that ends in .npy, .csv or .ply");
    }

    /** Refuses what the disk could not hold, before work is spent on it. */
    private void requireRoom(double points, boolean withDensity) {
        double bytes = points * PointWriter.Form.of(output).bytesAPoint(withDensity);
        // not by the folder's FileStore, which a chroot's list of mounts may lack; 0 may mean that it is not known
        long free = output.toAbsolutePath().getParent().toFile().getUsableSpace();
        refuse(free > 0 && bytes > free, String.format(Locale.ROOT, "-o %s would take about %,.0f MB, and its disk has %,d MB left", output,
                bytes * 1e-6, free / 1_000_000));
    }

    private static void refuse(boolean wrong, String why) {
        if (wrong) {
            throw new InvalidInputException(why);
        }
    }

    private boolean isGiven(String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
    }

    /** Width over height of the picture of the density that points go to; of the unit square where it is not known. */
    private double aspect(Model model) {
        return densities.find(Optional.of(model), reverse, modelFile)
                .map(density -> (double) density.width() / density.height()).orElse(ModelFile.aspect(model, reverse).orElse(1));
    }

    private void writePoints(PushForward map, Points all, boolean withDensity, double aspect) throws IOException {
        long notInverted = 0;
        PointWriter.Layout layout = new PointWriter.Layout(all.stream.count(), withDensity, aspect);
        try (PointWriter writer = PointWriter.open(output, layout)) {
            for (float[] chunk = all.next(); chunk.length > 0; chunk = all.next()) {
                if (at != null) {
                    PointsWithDensity back = map.inverseWithDensity(chunk);
                    notInverted += countNaN(back.logDensity());
                    writer.add(back.points(), chunk, back.logDensity());
                } else if (inverse) {
                    float[] back = map.inverse(chunk);
                    notInverted += countNaN(back) / 2;
                    writer.add(back, back, null);
                } else if (withDensity) {
                    PointsWithDensity there = map.mapWithDensity(chunk);
                    writer.add(chunk, there.points(), there.logDensity());
                } else {
                    writer.add(chunk, map.map(chunk), null);
                }
            }
            writer.finish();
            warn(writer.leftOut(), all, "lie outside the picture");
        }
        warn(notInverted, all, "could not be inverted: " + (at != null ? "their log-density is NaN" : "they are NaN"));
    }

    private static void warn(long some, Points all, String what) {
        if (some > 0) {
            LOG.warn(String.format(Locale.ROOT, "%,d of %,d points %s", some, all.stream.count(), what));
        }
    }

    private static long countNaN(float[] values) {
        long count = 0;
        for (float value : values) {
            count += Float.isNaN(value) ? 1 : 0;
        }
        return count;
    }

    /** The array [T+1, N, 2], or [T+1, N, 3] with the density of what the steps so far make, chunk by chunk. */
    private void writeTrajectory(PushForward map, Points all, int T) throws IOException {
        long count = all.stream.count();
        int columns = logDensity ? 3 : 2;
        try (NpyWriter writer = NpyWriter.open(output, T + 1L, count, columns)) {
            for (float[] chunk = all.next(); chunk.length > 0; chunk = all.next()) {
                map.follow(chunk, logDensity, (step, first, moved, density) ->
                        writer.put((step * count + all.done + first) * columns,
                                density == null ? moved : PointWriter.rows(moved, density)));
            }
            writer.finish();
        }
    }
}
