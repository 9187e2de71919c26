package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.draw.Sequence;
import iadb.metric.EnergyDistance;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.BarrierProof;
import iadb.plan.PlanChoice;
import iadb.plan.Rates;
import iadb.random.Stream;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.sample.Schedule;
import iadb.sample.Solver;
import iadb.train.TrainingConfig;
import iadb.train.TrainingSession;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Runs every kernel at small odd sizes on the first device. {@link OclgrindTest} starts it. */
final class KernelTour {
    private KernelTour() {
    }

    public static void main(String[] arguments) {
        Device device = Device.all().get(0);
        short[] dark = new short[11 * 7];
        dark[38] = 3; // one bright pixel: acceptance 1/77, drawn by inversion
        short[] bright = new short[11 * 7];
        java.util.Arrays.fill(bright, (short) 5);
        Density byInversion = Density.of("dark", 11, 7, dark);
        Density byRejection = Density.of("bright", 7, 11, bright);
        try (Context context = Context.open(device)) {
            if (!BarrierProof.passes(context, 1, 16)) {
                throw new IllegalStateException("a group does not pass its own barrier");
            }
            changeWords(context);
            try (EnergyDistance energy = new EnergyDistance(context)) {
                energy.distance(new float[2 * 19], new float[2 * 2053]);
            }
            for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
                for (int depth : new int[] {1, 3}) {
                    for (int batch : new int[] {1, 19}) {
                        train(context, new TrainingConfig(new NetworkShape(16, depth), 67, batch, new Rates(1e-3f, 5, 0.9), 0,
                                Optional.of(kind), Optional.empty()),
                                byInversion, byRejection);
                    }
                }
            }
            for (int depth : new int[] {1, 3}) {
                map(context, Network.initial(new NetworkShape(16, depth), 0), byInversion);
            }
            for (Density density : new Density[] {byInversion, byRejection}) {
                try (PointSource even = new PointSource(context, density, Sequence.SOBOL)) {
                    even.drawToHost(0, Stream.START_POINTS, 5, 21);
                }
            }
        }
    }

    private static void changeWords(Context context) {
        int count = 19;
        try (Program program = context.build(List.of(Source.of("sharing.cl")), List.of());
                Kernel kernel = program.kernel("change_words");
                DeviceBuffer words = context.zeros(count * Integer.BYTES)) {
            context.enqueue(kernel.arguments(words, count), 21, 7);
            context.finish();
        }
    }

    private static void train(Context context, TrainingConfig config, Density p0, Density p1) {
        try (TrainingSession session = new TrainingSession(context, config, p0, p1)) {
            session.advance(2, Duration.ofMinutes(1));
            session.drain();
        }
    }

    /** There, there with the density, and back. */
    private static void map(Context context, Network network, Density p0) {
        int count = 21;
        try (PointSource source = new PointSource(context, p0);
                DeviceBuffer points = source.draw(0, Stream.START_POINTS, 0, count);
                DeviceBuffer logDet = context.buffer(new float[count]);
                DeviceBuffer parameters = context.buffer(network.parameters());
                Sampler sampler = new Sampler(context, network.shape())) {
            for (Solver solver : Solver.values()) {
                Integration integration = Integration.of(solver, Schedule.COSINE, 2, true);
                try (MapSession map = sampler.session(parameters, points, count, integration);
                        MapSession there = sampler.sessionWithTangents(parameters, points, logDet, count, integration);
                        MapSession back = sampler.inversion(parameters, points, logDet, count, integration)) {
                    map.advance(2);
                    there.advance(2);
                    back.advance(2);
                }
            }
        }
    }
}
