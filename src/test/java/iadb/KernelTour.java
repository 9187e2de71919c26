package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OtherDevice;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.PointDensity;
import iadb.draw.PointSource.Sequence;
import iadb.draw.PointSource;
import iadb.metric.EnergyDistance;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.BarrierSelfTest;
import iadb.plan.JointPlan;
import iadb.plan.PlanAccess;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.TrainingBench;
import iadb.plan.Tuning;
import iadb.plan.TuningTable;
import iadb.plot.Box;
import iadb.profile.ProfileAccess;
import iadb.random.RandomPurpose;
import iadb.sample.Integration.Schedule;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.sample.Solver;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Runs kernels on the first device: with {@code kernels} as its argument each of them at small odd sizes, with {@code table} a plan
 * with each tuning of the table, with {@code encodings} every plan and map of a small network with encodings, with a width
 * every plan and map of that width at depths from the least to the most, with
 * {@code tunings} those of one network with the tunings that a search would try first. {@link OclgrindTest} starts it.
 */
final class KernelTour {
    /** The arguments of a tour through all sizes and tunings, one process each: a simulator keeps much memory. */
    static final List<String> PARTS = List.of("64", "tunings", "48", "256", "128", "112", "32", "16");
    /** The arguments of a tour of each kernel at small odd sizes, of a plan with each tuning of the table, and of encodings. */
    static final List<String> BRIEF_PARTS = List.of("kernels", "table", "encodings");

    private static final int WIDE = 112;    // from here on three depths: a simulator is slow
    private static final int MAP_ROWS = 16; // of a tile of a large map, at most: Newton's trials take the most time
    /** Of a network whose density and inverse are computed: Oclgrind notes each access of a launch, at 112 by 8 more than 20 GB. */
    private static final int MOST_HIDDEN_WEIGHTS = 4 * 64 * 64;
    /** Oclgrind adds to a kernel's local memory that of kernels whose names begin with its name: to layered_backward's twice. */
    private static final long LAYERED_LOCAL_BYTES = 14 << 10;
    private static final NetworkShape OF_TUNINGS = new NetworkShape(32, 2);

    private final Device device;
    private int stops; // made so far: batches and tunings take turns
    private int densities;

    private KernelTour(Device device) {
        this.device = device;
    }

    /** @param arguments a part of {@link #PARTS} or {@link #BRIEF_PARTS} */
    public static void main(String[] arguments) {
        KernelTour tour = new KernelTour(Device.all().get(0));
        Set<Tuning> table = table();
        switch (arguments[0]) {
            case "kernels" -> tour.everyKernel();
            case "table" -> table.forEach(tuning -> tour.train(PlanChoice.Kind.FUSED, tuning, new NetworkShape(16, 2)));
            case "encodings" -> tour.everyEncoding();
            case "tunings" -> tour.everyTuning(table);
            default -> tour.everyDepth(Integer.parseInt(arguments[0]), List.copyOf(table));
        }
        System.out.println(tour.densities + " maps with density and inverse");
    }

    /** The tunings of the table, of all devices and purposes. */
    private static Set<Tuning> table() {
        return new LinkedHashSet<>(new TreeMap<>(TuningTable.read(Path.of("cl/tuning.properties"))).values());
    }

    /** Every plan and map of a width, with the tunings in turn. */
    private void everyDepth(int width, List<Tuning> tunings) {
        stops = width / 16;
        for (int depth : width < WIDE ? new int[] {1, 2, 3, 4, 5, 6, 7, 8} : new int[] {1, 2, 8}) {
            NetworkShape shape = new NetworkShape(width, depth);
            for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
                train(kind, tunings.get(stops % tunings.size()), shape);
            }
            Tuning t = tunings.get(stops % tunings.size());
            map(t.with("tile-rows", Math.min(t.tileRows(), MAP_ROWS)), shape);
        }
    }

    /** Every plan and map with the least features. */
    private void everyEncoding() {
        for (PlanChoice.Kind kind : PlanChoice.Kind.values()) { // fused with a layer whose shares follow those of the features
            train(kind, PlanAccess.ofKind("gpu", TuningTable.Purpose.TRAINING), new NetworkShape(16, kind == PlanChoice.Kind.FUSED ? 2 : 1, 8));
        }
        try (Context context = Context.open(device)) {
            joint(context, new NetworkShape(16, 2, 8), 9);
        }
        map(PlanAccess.ofKind("gpu", TuningTable.Purpose.MAP_FEW), new NetworkShape(16, 1, 8));
    }

    /** Every plan and map with every tuning of the table and those that a search from it tries first. */
    private void everyTuning(Set<Tuning> table) {
        Set<Tuning> all = new LinkedHashSet<>(table);
        table.forEach(tuning -> all.addAll(ProfileAccess.candidates(tuning)));
        for (Tuning tuning : all) {
            for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
                train(kind, tuning, OF_TUNINGS);
            }
            map(tuning, OF_TUNINGS);
        }
    }

    /** Two steps of a plan, or of the one that takes its place; batches of one row, about a tile, and a prime take turns. */
    private void train(PlanChoice.Kind wanted, Tuning tuning, NetworkShape shape) {
        try {
            PlanChoice.Kind kind = PlanSelector.candidates(Optional.of(wanted), tuning, device, shape, TrainingSettings.MAX_BATCH).get(0).kind();
            Device limited = kind == PlanChoice.Kind.LAYERED ? OtherDevice.limited(device, device.maxGroupSize(), LAYERED_LOCAL_BYTES) : device;
            int tile = PlanSelector.candidates(Optional.of(kind), tuning, limited, shape, TrainingSettings.MAX_BATCH).get(0).tuning()
                    .tileRows();
            int prime = BigInteger.valueOf(2L * tile).nextProbablePrime().intValue();
            int batch = new int[] {1, tile - 1, tile + 1, prime}[stops % 4];
            say(kind + ", a batch of " + batch, tuning, shape);
            try (TrainingBench bench = new TrainingBench(limited, kind, tuning, shape, batch, stops)) {
                bench.run(2);
            }
        } catch (DeviceLimitException e) {
            System.out.println("  does not fit");
        }
    }

    /** One step of as many points as a tile and one more, by each solver in turn: there, with the density, and back. */
    private void map(Tuning tuning, NetworkShape shape) {
        say("maps", tuning, shape);
        try (Context context = Context.open(device);
                Sampler sampler = new Sampler(context, shape, tuning, tuning)) {
            Solver solver = Solver.values()[stops % Solver.values().length];
            int tile = tuning.fit(shape, Tuning.Footprint.TWO_LAYERS, device).orElseThrow().tileRows();
            boolean density = (shape.depth() - 1) * shape.width() * shape.width() <= MOST_HIDDEN_WEIGHTS;
            map(context, sampler, Network.initial(shape, stops), new float[2 * (tile + 1)], solver, 1, density);
            densities += density ? 1 : 0;
        } catch (DeviceLimitException e) {
            System.out.println("  does not fit");
        }
    }

    private void say(String what, Tuning tuning, NetworkShape shape) {
        System.out.printf("%d: %dx%d %s [%s]%n", ++stops, shape.width(), shape.depth(), what, tuning);
    }

    private void everyKernel() {
        short[] dark = new short[11 * 7];
        dark[38] = 3; // one bright pixel: acceptance 1/77, drawn by inversion
        short[] bright = new short[11 * 7];
        java.util.Arrays.fill(bright, (short) 5);
        Density byInversion = ImageDensity.of("dark", 11, 7, dark);
        Density byRejection = ImageDensity.of("bright", 7, 11, bright);
        try (Context context = Context.open(device)) {
            if (!BarrierSelfTest.passes(context, 1, 16)) {
                throw new IllegalStateException("a group does not pass its own barrier");
            }
            changeWords(context);
            try (EnergyDistance energy = new EnergyDistance(context)) {
                energy.distance(new float[2 * 19], new float[2 * 2053], () -> true);
            }
            for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
                for (int depth : new int[] {1, 3}) {
                    int batch = depth == 1 ? 1 : 19;
                    train(context, TrainingSettings.tutorial().withIterations(5).withLearningRate(1e-3f, true).withEma(0.9)
                            .withShape(new NetworkShape(16, depth)).withData(67).withBatch(batch).withPlan(Optional.of(kind)),
                            byInversion, byRejection);
                }
            }
            for (int depth : new int[] {1, 3}) {
                joint(context, new NetworkShape(16, depth), depth == 1 ? 1 : 19);
                map(context, Network.initial(new NetworkShape(16, depth), 0), byInversion);
            }
            Density rows = new PointDensity("rows", Optional.empty(), new float[] {0.25f, 0.5f, 0.75f, 0.5f, 0.5f, 1}, Box.UNIT, 0.01);
            for (Density density : new Density[] {byInversion, byRejection, rows}) {
                try (PointSource even = new PointSource(context, density, Sequence.SOBOL)) {
                    even.drawToHost(0, RandomPurpose.START_POINTS, 5, 21);
                }
            }
        }
    }

    private static void changeWords(Context context) {
        int count = 19;
        try (Program program = context.build(List.of(Source.of("sharing.cl")), List.of());
                Kernel kernel = program.kernel("change_words");
                DeviceBuffer words = context.zeros(count * Integer.BYTES)) {
            context.enqueue(kernel.set("words", words).set("count", count), 21, 7);
            context.finish();
        }
    }

    private static void train(Context context, TrainingSettings config, Density p0, Density p1) {
        try (TrainingSession session = new TrainingSession(context, config, p0, p1)) {
            session.advance(2, Duration.ofMinutes(1));
            session.drain();
        }
    }

    /**
     * Steps in one place with an average, and in two of three, by the tunings of this device and of a GPU. The three begin with zeros:
     * after a write to a part of a buffer Oclgrind 21.10 takes the rest for unset.
     */
    private static void joint(Context context, NetworkShape shape, int batch) {
        for (Tuning tuning : List.of(TuningTable.find(context.device(), TuningTable.Purpose.TRAINING),
                PlanAccess.ofKind("gpu", TuningTable.Purpose.JOINT))) {
            Tuning fitted = tuning.fit(shape, Tuning.Footprint.ALL_LAYERS, context.device()).orElseThrow();
            try (DeviceBuffer points = context.buffer(new float[2 * 12]);
                    JointPlan one = new JointPlan(context, shape, fitted, batch, points, 1);
                    JointPlan three = new JointPlan(context, shape, fitted, batch, points, 3)) {
                one.begin(0, new JointPlan.Training(0, 5, 5, 7, 0, 1e-3f, 3, 0.9), Checkpoint.start(Network.initial(shape, 0), true));
                one.enqueueSteps(new int[1], new int[] {2});
                three.enqueueSteps(new int[3], new int[] {2, 0, 1});
                three.losses(2);
            }
        }
    }

    private static void map(Context context, Network network, Density p0) {
        try (PointSource source = new PointSource(context, p0);
                Sampler sampler = new Sampler(context, network.shape())) {
            for (Solver solver : Solver.values()) {
                map(context, sampler, network, source.drawToHost(0, RandomPurpose.START_POINTS, 0, 21), solver, 2, true);
            }
        }
    }

    /** There, and with the density there and back where it is wanted. */
    private static void map(Context context, Sampler sampler, Network network, float[] start, Solver solver, int steps,
            boolean density) {
        int count = start.length / 2;
        Integration integration = Integration.of(solver, Schedule.COSINE, steps, true);
        try (DeviceBuffer points = context.buffer(start);
                DeviceBuffer logDet = context.buffer(new float[count]);
                DeviceBuffer parameters = context.buffer(network.parameters());
                MapSession map = sampler.session(parameters, points, count, integration);
                MapSession there = sampler.sessionWithTangents(parameters, points, logDet, count, integration);
                MapSession back = sampler.inversion(parameters, points, logDet, count, integration)) {
            map.advance(steps);
            if (density) {
                there.advance(steps);
                back.advance(steps);
            }
        }
    }
}
