package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.draw.PointSource.Sequence;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.NpyWriter;
import iadb.file.PointWriter;
import iadb.model.Model;
import iadb.plot.Box;
import iadb.sample.Integration;
import iadb.sample.PushForward.PointsWithDensity;
import iadb.sample.PushForward;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Maps any number of points with a trained model, and gives the density of the result. */
@Command(name = "sample", mixinStandardHelpOptions = true,
        description = {"Maps points with a trained model, from p0 to p1: fresh points of p0, or those of a file. Memory use does not"
            + " depend on the number of points.", "",
            "Coordinates are in the units of the model's point files, or for pictures in the unit square; x to the right, y upward."
            + " A log density is a natural logarithm, per unit of area in the same units.", "",
            "With 128 evaluations of the network, the mean distance from the exactly integrated end point is 0.0018 for euler (128"
            + " steps), 0.00003 for midpoint (64) and 0.00003 for rk4 (32), measured for gaussian to spiral. Midpoint is the best choice"
            + " for the same cost: the network has kinks, so rk4 converges no faster.", ""})
final class SampleCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(SampleCommand.class);
    private static final int DEFAULT_POINTS = 2048;

    @Option(names = "--model", paramLabel = "FILE", required = true, description = "The trained model.")
    private Path modelFile;

    @Option(names = "--points", paramLabel = "N", description = "Fresh points of p0 to map (default: 2048).")
    private Integer points;

    @Option(names = "--sequence", paramLabel = "random|sobol", defaultValue = "random",
            description = "random: draw the fresh points independently; sobol: draw a Sobol sequence, Owen-scrambled by the seed, which"
                    + " is more even, so that means over the mapped points have a smaller error; best with N a power of two"
                    + " (default: ${DEFAULT-VALUE}).")
    private String sequence;

    @Option(names = "--from", paramLabel = "FILE",
            description = "Map the points of this file: .npy [N, 2] of float32 or float64, or .csv with x,y in each row.")
    private Path from;

    @Mixin
    private Options.IntegrationChoice integrationChoice;

    @Option(names = "--reverse",
            description = "Map from p1 to p0 by integrating the velocity field backward. The shorter the steps, the closer this is to"
                    + " the inverse of the map; --inverse is exact.")
    private boolean reverse;

    @Option(names = "--inverse",
            description = "Find the points that the map moves to the points of --from (NaN where there is none). With --reverse, inverts"
                    + " the steps of the reversed map.")
    private boolean inverse;

    @Option(names = "--log-density",
            description = "Add a third column: the log density of the mapped points. It is the density of the discrete steps, exact up to"
                    + " rounding.")
    private boolean logDensity;

    @Option(names = "--at", paramLabel = "FILE",
            description = "Write the log density at the points of FILE instead of mapping; NaN where a step has no inverse. With"
                    + " --reverse, it is the density of the points that the reversed map makes of p1.")
    private Path at;

    @Option(names = "--trajectory",
            description = "Write the points before the first step and after every step: [T+1, N, 2], or [T+1, N, 3] with --log-density, in"
                    + " a .npy file.")
    private boolean trajectory;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of the fresh points, from -2^63 to 2^63 - 1 (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Mixin
    private DensityOptions densities;

    @Mixin
    private Options.DeviceChoice device;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", required = true,
            description = "File for the mapped points. Its ending determines the format: .npy, .csv, .svg, .ply or .png. In a .png, the"
                    + " colour of a point shows the direction from the centre to its start.")
    private Path output;

    @Spec
    private CommandSpec spec;

    private Box box; // in whose units points are read and written

    @Override
    public Integer call() throws IOException {
        refuseContradictions();
        Integration integration = integrationChoice.integration(reverse);
        Sequence evenness = Options.word("--sequence", sequence, Sequence.values());
        int count = points == null ? DEFAULT_POINTS : points;
        InvalidInputException.requireRange("--points", count, Integer.MAX_VALUE);
        densities.warnOfInvert();
        Model model = Options.readModel(modelFile);
        boolean withDensity = logDensity || at != null;
        boolean drawn = from == null && at == null;
        box = model.box();
        List<Optional<Density>> found = densities.find(Optional.of(model), modelFile, seed);
        Optional<Density> base = withDensity || drawn
                ? Optional.of(DensityOptions.require(found, !reverse, modelFile)) : Optional.empty();
        if (withDensity) {
            densities.logEstimate(base.orElseThrow(), !reverse);
        }
        long written;
        try (Context context = device.open();
                PointStream stream = drawn ? PointStream.of(context, base.orElseThrow(), evenness, seed, count)
                        : PointStream.of(from != null ? from : at, box);
                ProgressDisplay display = ProgressDisplay.of("moving", "points", 0, stream.count())) {
            requireRoom(stream.count() * (trajectory ? integration.T() + 1.0 : 1), withDensity);
            try (PushForward map = new PushForward(context, model.network(), base, integration, share -> {
                display.show(stream.moved(share), "");
                return !Interruption.isRequested();
            })) {
                if (trajectory) {
                    writeTrajectory(map, stream, integration.T());
                } else {
                    writePoints(map, stream, withDensity, found.get(reverse ? 0 : 1).map(Density::aspect)
                            .orElse(model.aspect(reverse).orElse(1)));
                }
            }
            written = stream.count();
            display.show(written, "");
        }
        System.out.println(UntrustedText.line(String.format(Locale.ROOT, "%s: %,d points%s%s, %s%,d %s steps", output, written,
                inverse ? " mapped back" : "", withDensity ? " with log density" : "", at != null || inverse ? "by inverting " : "",
                integration.T(), integration.solver().toString().replace("euler", "Euler"))));
        return 0;
    }

    private void refuseContradictions() {
        Options.requireWritable(output, "a file that ends in .npy, .csv, .svg, .ply or .png");
        boolean isNpy = PointWriter.Form.of(output) == PointWriter.Form.NPY;
        boolean drawn = from == null && at == null;
        Options.refuse(from != null && at != null, "give either --from or --at");
        Options.refuse(points != null && !drawn, "--points draws fresh points: leave it out with --from and --at");
        Options.refuse(Options.isGiven(spec, "--sequence") && !drawn,
                "--sequence draws fresh points: leave it out with --from and --at");
        Options.refuse(trajectory && (at != null || inverse), "--trajectory follows points forward: leave out --at and --inverse");
        Options.refuse(inverse && logDensity, "--inverse gives no density: --at gives that of the points of a file");
        Options.refuse(inverse && from == null, "--inverse needs --from, the points to map back");
        Options.refuse(trajectory && !isNpy, output + ": a trajectory is an array of three axes: give a file that ends in .npy");
        Options.refuse((logDensity || at != null) && !PointWriter.Form.of(output).holdsDensity(), output
                + ": a picture has no third column for a log-density; give a file that ends in .npy, .csv or .ply");
    }

    /** Refuses points that the disk cannot hold, before they are computed. */
    private void requireRoom(double points, boolean withDensity) {
        double bytes = points * PointWriter.Form.of(output).bytesPerPoint(withDensity, box);
        // the folder's FileStore may be missing in a chroot; 0 may mean unknown
        long free = output.toAbsolutePath().getParent().toFile().getUsableSpace();
        Options.refuse(free > 0 && bytes > free, String.format(Locale.ROOT,
                "-o %s needs about %,.0f MB, and its disk has %,d MB left", output, bytes * 1e-6, free / 1_000_000));
    }

    private void writePoints(PushForward map, PointStream points, boolean withDensity, double aspect) throws IOException {
        long notInverted = 0;
        PointWriter.Layout layout = new PointWriter.Layout(points.count(), withDensity, aspect, box);
        try (PointWriter writer = PointWriter.open(output, layout)) {
            for (float[] chunk = points.next(); chunk.length > 0; chunk = points.next()) {
                if (at != null) {
                    PointsWithDensity back = map.inverseWithDensity(chunk);
                    notInverted += countNaN(back.logDensity());
                    writer.add(back.points(), chunk, box.logDensityToPlane(back.logDensity()));
                } else if (inverse) {
                    float[] back = map.inverse(chunk);
                    notInverted += countNaN(back) / 2;
                    writer.add(back, back, null);
                } else if (withDensity) {
                    PointsWithDensity there = map.mapWithDensity(chunk);
                    writer.add(chunk, there.points(), box.logDensityToPlane(there.logDensity()));
                } else {
                    writer.add(chunk, map.map(chunk), null);
                }
            }
            writer.finish();
            warn(writer.leftOut(), points, "lie outside the picture");
        }
        warn(notInverted, points, "could not be inverted: " + (at != null ? "their log-density is NaN" : "they are NaN"));
    }

    private static void warn(long some, PointStream points, String what) {
        if (some > 0) {
            LOG.warn(String.format(Locale.ROOT, "%,d of %,d points %s", some, points.count(), what));
        }
    }

    private static long countNaN(float[] values) {
        return IntStream.range(0, values.length).filter(i -> Float.isNaN(values[i])).count();
    }

    /** Writes [T+1, N, 2], or [T+1, N, 3] with the density after each step, chunk by chunk. */
    private void writeTrajectory(PushForward map, PointStream points, int T) throws IOException {
        long count = points.count();
        int columns = logDensity ? 3 : 2;
        try (NpyWriter writer = NpyWriter.open(output, T + 1L, count, columns, box)) {
            for (float[] chunk = points.next(); chunk.length > 0; chunk = points.next()) {
                map.follow(chunk, logDensity, (step, first, moved, density) ->
                        writer.put(step * count + points.before() + first, moved, box.logDensityToPlane(density)));
            }
            writer.finish();
        }
    }
}
