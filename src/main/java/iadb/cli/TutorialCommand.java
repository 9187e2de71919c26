package iadb.cli;

import iadb.LearnedMap;
import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.BuildVersion;
import iadb.file.Json;
import iadb.file.NpyWriter;
import iadb.file.Png;
import iadb.metric.SlicedWasserstein;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plot.Box;
import iadb.plot.PointFrames;
import iadb.random.RandomPurpose;
import iadb.sample.Integration.Schedule;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.PushForward;
import iadb.sample.Sampler;
import iadb.sample.Solver;
import iadb.train.Provenance;
import iadb.train.TrainingRun;
import iadb.train.TrainingSettings;
import iadb.train.TransportPairs;
import iadb.view.RealtimeConfig;
import iadb.view.RealtimeConfig.Shown;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The whole tutorial: draws both data sets, trains, maps, and writes every file. */
@Command(name = "iadb-cl", mixinStandardHelpOptions = true,
        description = {"Learns a deterministic map between two 2D densities on an OpenCL device.",
            "Without a command: draws points of both densities, trains, maps fresh points of p0 to p1, and writes the model, a picture"
            + " of each step and an animation to one folder. With --realtime, the training is shown in a window instead."})
final class TutorialCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(TutorialCommand.class);
    private static final int SAMPLE_PICTURE_POINTS = 2048;
    private static final int SAMPLE_PICTURE_SIDE = 640;
    private static final int MAX_COMPARED = 65_536;

    @Mixin
    private DensityOptions densities;

    @Mixin
    private Options.Training training;

    @Option(names = "--points", paramLabel = "N", defaultValue = "2048",
            description = "Points of p0 to map (default: ${DEFAULT-VALUE}).")
    private int points;

    @Option(names = "--steps", paramLabel = "T", defaultValue = "128",
            description = "Euler steps of the map (default: ${DEFAULT-VALUE}; 8 with --preset quick, 32 with sharp).")
    private int steps;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of all random numbers, from -2^63 to 2^63 - 1 (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Mixin
    private Options.DeviceChoice device;

    @Option(names = "--model", paramLabel = "FILE", description = "Map with this trained model instead of training.")
    private Path modelFile;

    @Mixin
    private Options.Output output;

    @Option(names = "--no-frames", description = "Do not write the pictures of the steps and the animation.")
    private boolean noFrames;

    @Option(names = "--animation", paramLabel = "gif|mp4|webm", defaultValue = "gif",
            description = "Format of the animation; videos need ffmpeg on the PATH (default: ${DEFAULT-VALUE}).")
    private String animation;

    @Mixin
    private Window window;

    @Option(names = "--list-densities", description = "Print the names of the built-in densities, one per line, and exit.")
    private boolean listDensities;

    @Spec
    private CommandSpec spec;

    private Box box; // in whose units results are
    private final Map<String, Object> record = new LinkedHashMap<>();
    private final Map<String, Object> seconds = new LinkedHashMap<>();
    private long phaseNanos; // when the phase began
    private boolean framesAreComplete = true; // and the animation

    @Override
    public Integer call() throws IOException {
        if (listDensities) {
            NamedDensities.names().forEach(System.out::println);
            return 0;
        }
        seconds.put("start", sinceStart());
        phaseNanos = System.nanoTime();
        InvalidInputException.requireRange("--points", points, LearnedMap.MAX_POINTS);
        InvalidInputException.requireRange("--steps", steps, LearnedMap.MAX_STEPS);
        Options.word("--animation", animation, Frames.FORMATS.toArray(String[]::new));
        boolean animates = Options.isGiven(spec, "--animation");
        Options.refuse(animates && noFrames, "--animation has no effect with --no-frames: leave it out");
        Options.refuse(animates && window.realtime, "--animation has no effect with --realtime: use --record");
        TrainingSettings config = training.settings(seed);
        if (!Options.isGiven(spec, "--steps") && modelFile == null) {
            steps = training.preset().steps();
        }
        Optional<ComparedMaps> compared = window.realtime ? window.compared(modelFile) : Optional.empty();
        Optional<ComparedMaps.First> first = compared.flatMap(ComparedMaps::firstModel);
        modelFile = first.map(ComparedMaps.First::file).orElse(modelFile);
        Optional<Model> given = first.map(ComparedMaps.First::model).or(() -> Optional.ofNullable(modelFile).map(Options::readModel));
        List<Density> pair;
        if (given.isEmpty()) {
            pair = densities.both(config.data(), seed);
        } else {
            List<Optional<Density>> found = densities.find(given, modelFile, seed);
            pair = List.of(DensityOptions.require(found, true, modelFile), DensityOptions.require(found, false, modelFile));
        }
        Density p0 = pair.get(0);
        Density p1 = pair.get(1);
        if (window.realtime) {
            InvalidInputException.requireRange("--points with --realtime", points, RealtimeConfig.MAX_POINTS);
            for (String option : List.of("--width", "--depth", "--encoding")) {
                Options.refuse(given.isPresent() && Options.isGiven(spec, option)
                        && compared.map(maps -> !maps.trains()).orElse(true),
                        option + " is taken from the model: leave it out with --model");
            }
            List<Shown> maps = compared.map(all -> all.shown(p0, p1)).orElseGet(() -> List.of(new Shown(
                    given.map(model -> Provenance.withNetworkOf(model, config)).orElse(config), given.map(Model::network),
                    given.map(model -> modelFile.toString()), steps)));
            return window.show(window.config(p0, p1, maps, points, seed, densities.invert, output.folder), device, output);
        }
        Window.refuseOptions(spec);
        for (String option : Options.Training.NAMES) {
            Options.refuse(given.isPresent() && Options.isGiven(spec, option), option + " has no effect with --model: leave it out");
        }
        densities.warnOfInvert();
        Path folder = output.ready();
        try (Context context = device.open()) {
            record.put("program", BuildVersion.text());
            record.put("java", System.getProperty("java.version"));
            record.put("device", context.device().name());
            record.put("platform", context.device().platformName());
            record.put("driver", context.device().driver());
            record.put("opencl", context.device().version());
            record.put("p0", p0.name());
            record.put("p1", p1.name());
            box = given.map(Model::box).orElseGet(() -> Density.box(Optional.of(p0), Optional.of(p1)));
            if (!box.isUnit()) {
                record.put("box", List.of(box.x0(), box.y0(), box.x(1), box.y(1)));
            }
            record.put("seed", seed);
            record.put("points", points);
            record.put("steps", steps);
            if (given.isPresent()) {
                mapOnly(context, given.get().network(), p0, p1, folder);
            } else {
                trainAndMap(context, config, p0, p1, folder);
            }
            seconds.put("total", sinceStart());
            record.put("interrupted", Interruption.isRequested());
            record.put("seconds", seconds);
            Json.write(folder.resolve("run.json"), record);
        }
        return framesAreComplete ? 0 : Main.EXIT_FAILURE;
    }

    /** Seconds since the virtual machine was started. */
    static double sinceStart() {
        return (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) * 1e-3;
    }

    /** Records the seconds of the phase that ends now, and returns them. */
    private double endPhase(String phase) {
        long now = System.nanoTime();
        double elapsed = (now - phaseNanos) * 1e-9;
        seconds.put(phase, elapsed);
        phaseNanos = now;
        return elapsed;
    }

    private void mapOnly(Context context, Network network, Density p0, Density p1, Path folder) throws IOException {
        record.put("model", modelFile.toString());
        writeSamples(folder, "p0", p0, draw(context, p0, RandomPurpose.DATA_P0, SAMPLE_PICTURE_POINTS));
        writeSamples(folder, "p1", p1, draw(context, p1, RandomPurpose.DATA_P1, SAMPLE_PICTURE_POINTS));
        endPhase("prepare");
        map(context, network, p0, p1, folder);
    }

    private void trainAndMap(Context context, TrainingSettings config, Density p0, Density p1, Path folder)
            throws IOException {
        try (TrainingReporter reporter = new TrainingReporter(context, config, 0, p0, p1, folder, null, null)) {
            TrainingRun run = reporter.run();
            Optional<TransportPairs> transport = run.session().pairs(); // of round 0
            writeSamples(folder, "p0", p0, firstPoints(run.session().data0()));
            writeSamples(folder, "p1", p1, firstPoints(run.session().data1()));
            endPhase("prepare");
            trainAndBuildMap(context, config.shape(), reporter);
            double elapsed = endPhase("train");
            List<Double> secondsByRound = run.secondsByRound();
            double microseconds = elapsed * 1e6 / Math.max(1, run.steps());
            if (!reporter.hasTrained()) {
                return;
            }
            reporter.save();
            endPhase("save");
            PlanChoice choice = run.session().choice();
            Map<String, Object> stepsByPlan = new LinkedHashMap<>();
            run.stepsByPlan().forEach((kind, count) -> stepsByPlan.put(kind.toString(), count));
            record.put("configuration", Provenance.configuration(config, p0, p1, run.steps(), run.roundsTrained(),
                    Optional.of(choice)));
            if (config.reflow() > 0) {
                record.put("seconds_by_round", secondsByRound);
            }
            double area = box.side() * box.side();
            transport.ifPresent(pairs -> {
                Map<String, Object> figures = new LinkedHashMap<>();
                figures.put("pairs", pairs.count());
                figures.put("seconds", pairs.seconds());
                figures.put("mean_squared_distance", area * pairs.meanSquare());
                figures.put("independent", area * pairs.independent());
                figures.put("lower_bound", area * pairs.lowerBound());
                record.put("transport", figures);
            });
            record.put("plan", choice.kind().toString());
            record.put("tuning", choice.tuning().toString());
            record.put("steps_by_plan", stepsByPlan);
            record.put("microseconds_per_step", microseconds);
            record.put("final_loss", reporter.loss());
            choice.reason().ifPresent(reason -> record.put("plan_reason", reason));
            LOG.info(String.format(Locale.ROOT, "trained %,d iterations in %.1f s (%,.1f microseconds each, plan %s), loss %.3g",
                    run.steps(), elapsed, microseconds, choice.kind(), reporter.loss()));
            map(context, run.session().snapshot(), p0, p1, folder);
        }
    }

    private static float[] firstPoints(DeviceBuffer data) {
        return data.read(new float[(int) Math.min(2 * SAMPLE_PICTURE_POINTS, data.bytes() / Float.BYTES)]);
    }

    /** Trains, and builds the map's kernels in parallel; an error of that build is reported later, when the map is used. */
    private void trainAndBuildMap(Context context, NetworkShape shape, TrainingReporter reporter) throws IOException {
        List<Background<Void>> map = new ArrayList<>();
        try {
            reporter.train(() -> map.add(Background.start("build map", () -> {
                try (Context sibling = context.sibling(); Sampler sampler = new Sampler(sibling, shape)) {
                    sampler.prepare(points);
                }
            })));
        } finally {
            map.forEach(Background::close);
        }
    }

    /** Maps fresh points of p0, writes them, and prints their distance from p1; after Ctrl-C it writes nothing. */
    private void map(Context context, Network network, Density p0, Density p1, Path folder) throws IOException {
        if (Interruption.isRequested()) {
            return;
        }
        float[] x;
        try {
            x = noFrames ? moved(context, network, p0) : movedInFrames(context, network, p0, folder);
        } catch (CancellationException e) {
            LOG.warn("stopped during the map: no points are written");
            return;
        }
        endPhase("map");
        NpyWriter.writePoints(folder.resolve("points.npy"), x, box);
        int compared = Math.min(points, MAX_COMPARED);
        float[] reference = draw(context, p1, RandomPurpose.REFERENCE_POINTS, 2 * compared);
        float[] exact = Arrays.copyOf(reference, 2 * compared);
        float[] other = Arrays.copyOfRange(reference, 2 * compared, 4 * compared);
        double distance = box.side() * SlicedWasserstein.distance(Arrays.copyOf(x, 2 * compared), exact);
        double floor = box.side() * SlicedWasserstein.distance(other, exact);
        endPhase("judge");
        record.put("sliced_wasserstein_1", distance);
        record.put("sliced_wasserstein_1_of_exact_samples", floor);
        System.out.println(UntrustedText.line(String.format(Locale.ROOT,
                "%s: %,d points of %s, sliced Wasserstein-1 distance %.4f (exact samples: %.4f)",
                folder.resolve("points.npy"), points, p1.name(), distance, floor)));
    }

    /** The mapped points. */
    private float[] moved(Context context, Network network, Density p0) {
        Integration integration = Integration.of(Solver.EULER, Schedule.LINEAR, steps, false);
        try (PushForward map = new PushForward(context, network, Optional.empty(), integration, share -> !Interruption.isRequested())) {
            return map.map(draw(context, p0, RandomPurpose.START_POINTS, points));
        }
    }

    /** The mapped points, with a picture of each step; all points are on the device at once. */
    private float[] movedInFrames(Context context, Network network, Density p0, Path folder) throws IOException {
        try (PointSource source = new PointSource(context, p0);
                DeviceBuffer moving = source.draw(seed, RandomPurpose.START_POINTS, 0, points);
                DeviceBuffer parameters = context.buffer(network.parameters());
                Sampler sampler = new Sampler(context, network.shape());
                MapSession session = sampler.session(parameters, moving, points, steps)) {
            float[] x = moving.read(new float[2 * points]);
            try (Frames frames = new Frames(folder, steps, x, box, animation)) {
                frames.add(x);
                while (!session.isDone()) {
                    if (Interruption.isRequested()) {
                        throw new CancellationException();
                    }
                    session.advance(1);
                    x = moving.read(new float[2 * points]);
                    frames.add(x);
                }
                framesAreComplete = frames.finish();
            }
            return x;
        }
    }

    private float[] draw(Context context, Density density, RandomPurpose purpose, int count) {
        try (PointSource source = new PointSource(context, density)) {
            return source.drawToHost(seed, purpose, 0, count);
        }
    }

    private void writeSamples(Path folder, String which, Density density, float[] points) throws IOException {
        Png.write(folder.resolve("samples_" + which + ".png"),
                new PointFrames(SAMPLE_PICTURE_SIDE, points, box).render(points, which + ": " + density.name()));
    }
}
