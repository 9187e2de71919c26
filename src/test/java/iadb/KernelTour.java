package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.model.NetworkShape;
import iadb.plan.BarrierProof;
import iadb.plan.PlanChoice;
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
            for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
                for (int depth : new int[] {1, 3}) {
                    for (int batch : new int[] {1, 19}) {
                        tour(context, new TrainingConfig(new NetworkShape(16, depth), 67, batch, 1e-3f, 0, Optional.of(kind)),
                                byInversion, byRejection);
                    }
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

    private static void tour(Context context, TrainingConfig config, Density p0, Density p1) {
        int count = 21;
        try (TrainingSession session = new TrainingSession(context, config, p0, p1);
                PointSource source = new PointSource(context, p0);
                DeviceBuffer points = source.draw(0, Stream.START_POINTS, 0, count);
                Sampler sampler = new Sampler(context, config.shape())) {
            session.advance(2, Duration.ofMinutes(1));
            session.drain();
            for (Solver solver : Solver.values()) {
                Integration integration = Integration.of(solver, Schedule.COSINE, 2, true);
                try (MapSession map = sampler.session(session.parameters(), points, count, integration)) {
                    map.advance(2);
                }
            }
        }
    }
}
