package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Context.LaunchTime;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plan.Tuning;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A kernel's times by the clocks of the device and the host: medians over blocks.
 *
 * @param work              the work that it belongs to: a plan's step, a map, a draw
 * @param kernel            its name
 * @param launches          launches per unit of work
 * @param eventMicroseconds time on the device per unit of work
 * @param hostMicroseconds  time of enqueueing on the host per unit of work
 * @param gflops            billions of operations per second; null if the work is not arithmetic
 * @param gigabytes         per second to and from global memory, cached or not; null if unknown
 * @param shareOfPeak       operations over the measured peak; null until {@link #against}
 * @param shareOfCopy       bytes over the bandwidth of a copy; above 1 if the bytes stay in caches
 */
record KernelTimes(String work, String kernel, double launches, Spread eventMicroseconds, Spread hostMicroseconds,
        Double gflops, Double gigabytes, Double shareOfPeak, Double shareOfCopy) {
    private static final int DRAWN_POINTS = 1 << 18;
    private static final int MAPPED_POINTS = 1 << 13;

    /** Times each kernel of each plan's step; {@code context} must be profiling. */
    static List<KernelTimes> ofPlans(Context context, NetworkShape shape, int batch, Settings settings) {
        List<KernelTimes> all = new ArrayList<>();
        for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
            try (TrainingStep.Blocks blocks = new TrainingStep.Blocks(context, shape, batch, Optional.of(kind))) {
                PlanChoice choice = blocks.session.choice();
                if (choice.kind() == kind) {
                    blocks.warmUp(settings.warmUpSeconds() / 2, settings.blockSeconds() / 3);
                    all.addAll(measured(context, settings.blocks(), kind + " step", blocks.steps(), blocks::microsecondsPerStep,
                            kernel -> Work.ofTrainingStep(kernel, shape, batch, choice.tuning())));
                }
            } catch (DeviceLimitException e) {
                // the device cannot run this plan
            }
        }
        return all;
    }

    /** Times the map's kernel. */
    static List<KernelTimes> ofMap(Context context, NetworkShape shape, Settings settings) {
        int steps = settings.mapSteps();
        try (Sampler sampler = new Sampler(context, shape);
                DeviceBuffer parameters = context.buffer(Network.initial(shape, 0).parameters());
                DeviceBuffer points = context.zeros(MAPPED_POINTS * PointSource.POINT_BYTES)) {
            return measured(context, settings.blocks(), String.format(Locale.ROOT, "map, %,d points × %d steps", MAPPED_POINTS,
                    steps), 1, () -> {
                try (MapSession session = sampler.session(parameters, points, MAPPED_POINTS, steps)) {
                    session.advance(steps);
                }
            }, kernel -> Optional.of(Work.ofMap(shape, MAPPED_POINTS, steps)));
        }
    }

    /** Times the kernels that draw points, one for each density. */
    static List<KernelTimes> ofDraws(Context context, List<Density> densities, Settings settings) {
        List<KernelTimes> all = new ArrayList<>();
        for (Density density : densities) {
            try (PointSource source = new PointSource(context, density)) {
                all.addAll(measured(context, settings.blocks(), String.format(Locale.ROOT, "%,d points of %s", DRAWN_POINTS,
                        density.name()), 1, () -> source.draw(0, RandomPurpose.DATA_P1, 0, DRAWN_POINTS).close(),
                        kernel -> Optional.of(new Work(0, (double) PointSource.POINT_BYTES * DRAWN_POINTS))));
            }
        }
        return all;
    }

    /** Runs {@code block}, which does {@code units} units of work, once to warm up and then {@code blocks} times. */
    private static List<KernelTimes> measured(Context context, int blocks, String work, int units, Runnable block,
            Function<String, Optional<Work>> formula) {
        block.run();
        context.takeLaunchTimes();
        Map<String, double[][]> times = new LinkedHashMap<>(); // by kernel: launches, event and host microseconds of each block
        for (int i = 0; i < blocks; i++) {
            block.run();
            for (LaunchTime launch : context.takeLaunchTimes()) {
                double[][] sums = times.computeIfAbsent(launch.kernel(), kernel -> new double[3][blocks]);
                sums[0][i] += 1.0 / units;
                sums[1][i] += launch.deviceNanos() * 1e-3 / units;
                sums[2][i] += launch.hostNanos() * 1e-3 / units;
            }
        }
        List<KernelTimes> all = new ArrayList<>();
        times.forEach((kernel, sums) -> {
            Spread event = Spread.of(sums[1]);
            if (event.median() > 0) { // 0: the training used another plan in most blocks
                Optional<Work> done = formula.apply(kernel);
                all.add(new KernelTimes(work, kernel, Spread.of(sums[0]).median(), event, Spread.of(sums[2]),
                        done.filter(w -> w.flops() > 0).map(w -> w.flops() * 1e-3 / event.median()).orElse(null),
                        done.map(w -> w.bytes() * 1e-3 / event.median()).orElse(null), null, null));
            }
        });
        return all;
    }

    KernelTimes against(Peak peak) {
        return new KernelTimes(work, kernel, launches, eventMicroseconds, hostMicroseconds, gflops, gigabytes,
                gflops == null ? null : gflops / peak.gflops(), gigabytes == null ? null : gigabytes / peak.gigabytes());
    }

    /**
     * A kernel's operations, as the method requires, and its bytes to or from global memory, cached or not, by the formulas of
     * the banners in {@code cl/}.
     *
     * @param flops operations; a multiply-add counts as two
     * @param bytes read and written
     */
    record Work(double flops, double bytes) {
        /** The work of all launches of a kernel in one training step; empty if the kernel is unknown. */
        static Optional<Work> ofTrainingStep(String kernel, NetworkShape shape, int batch, Tuning tuning) {
            double w = shape.width();
            double k = shape.inputs(0);
            double input = 4 * (k + 1); // bytes of a row, with the 1 of the bias
            double hidden = shape.depth() - 1;
            double b = batch;
            double blocks = tuning.blocks(batch);
            double tiles = tuning.tiles(batch);
            double square = 4 * w * w;
            return Optional.ofNullable(switch (kernel) {
                case "fused_gradient" -> gradient(shape, batch, tuning);
                case "update" -> update(shape, batch, tuning);
                case "layered_rows" -> new Work(6 * b, (16 + input + 8) * b);
                case "layered_forward_first" -> new Work(2 * k * w * b, (input + 4 * w) * b + input * w * tiles);
                case "layered_forward" -> new Work(hidden * 2 * w * w * b, hidden * (8 * w * b + square * tiles));
                case "layered_output" -> new Work(4 * w * b, (16 + 4 * w) * b);
                case "layered_backward_output" -> new Work(8 * w * b, 8 * (1 + w) * b + 8 * w * blocks);
                case "layered_backward" -> new Work(hidden * 4 * w * w * b,
                        hidden * (12 * w * b + square * tiles + square * blocks));
                case "layered_backward_first" -> new Work(2 * k * w * b, (input + 4 * w) * b + input * w * blocks);
                default -> kernel.startsWith("persistent")
                        ? gradient(shape, batch, tuning).plus(update(shape, batch, tuning)) : null;
            });
        }

        /** The work of moving points by steps of the map. */
        static Work ofMap(NetworkShape shape, double points, double steps) {
            return new Work(shape.forwardFlops() * points * steps, 16 * points);
        }

        private static Work gradient(NetworkShape shape, int batch, Tuning tuning) {
            double parameters = 4.0 * shape.bufferFloats();
            double read = tuning.tiles(batch) * (parameters + 4.0 * shape.transposedFloats());
            return new Work((double) shape.trainingFlops() * batch, read + tuning.blocks(batch) * parameters + 16.0 * batch);
        }

        private static Work update(NetworkShape shape, int batch, Tuning tuning) {
            double blocks = tuning.blocks(batch);
            return new Work((blocks + 12) * shape.parameters(),
                    (blocks + 6) * 4 * shape.bufferFloats() + 4.0 * shape.transposedFloats());
        }

        private Work plus(Work other) { return new Work(flops + other.flops, bytes + other.bytes); }
    }
}
