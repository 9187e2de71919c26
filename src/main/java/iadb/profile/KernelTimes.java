package iadb.profile;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.DeviceLimitException;
import iadb.cl.LaunchTime;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a kernel takes, by the device's clock and the host's. The times are medians over blocks.
 *
 * @param work              what it belongs to: a plan's step, a map, a draw
 * @param kernel            its name
 * @param launches          for one such piece of work
 * @param eventMicroseconds that it runs on the device for one piece of work
 * @param hostMicroseconds  that the host spends on enqueueing it for one piece of work
 * @param gflops            billions of operations a second; null where the work is not arithmetic
 * @param gigabytes         a second to and from global memory, caches or not; null where that is not known
 * @param shareOfPeak       operations, of the measured peak
 * @param shareOfCopy       bytes, of a copy's bandwidth; above 1 where they stay in caches
 */
record KernelTimes(String work, String kernel, double launches, Spread eventMicroseconds, Spread hostMicroseconds,
        Double gflops, Double gigabytes, Double shareOfPeak, Double shareOfCopy) {
    private static final int DRAWN_POINTS = 1 << 18;
    private static final int MAPPED_POINTS = 1 << 13;

    /** Each kernel of each plan's step. {@code context} is profiling. */
    static List<KernelTimes> ofPlans(Context context, NetworkShape shape, int batch, Settings settings, Peak peak) {
        List<KernelTimes> all = new ArrayList<>();
        for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
            try (TrainingBlocks blocks = new TrainingBlocks(context, shape, batch, Optional.of(kind))) {
                if (blocks.choice().kind() == kind) {
                    blocks.warmUp(settings.warmUpSeconds() / 2, settings.blockSeconds() / 3);
                    all.addAll(measured(context, settings.blocks(), kind + " step", blocks.blockSteps(), blocks::block,
                            kernel -> KernelWork.ofTrainingStep(kernel, shape, batch, blocks.choice().tuning()), peak));
                }
            } catch (DeviceLimitException e) {
                // this device cannot run the plan: it has no kernels to time
            }
        }
        return all;
    }

    /** The map's kernel. */
    static List<KernelTimes> ofMap(Context context, NetworkShape shape, Settings settings, Peak peak) {
        int steps = settings.mapSteps();
        try (Sampler sampler = new Sampler(context, shape);
                DeviceBuffer parameters = context.buffer(Network.initial(shape, 0).parameters());
                DeviceBuffer points = context.zeros(MAPPED_POINTS * PointSource.POINT_BYTES)) {
            return measured(context, settings.blocks(), String.format(Locale.ROOT, "map, %,d points × %d steps", MAPPED_POINTS,
                    steps), 1, () -> {
                try (MapSession session = sampler.session(parameters, points, MAPPED_POINTS, steps)) {
                    session.advance(steps);
                }
            }, kernel -> Optional.of(KernelWork.ofMap(shape, MAPPED_POINTS, steps)), peak);
        }
    }

    /** The kernels that draw points, one for each density. */
    static List<KernelTimes> ofDraws(Context context, List<Density> densities, Settings settings, Peak peak) {
        List<KernelTimes> all = new ArrayList<>();
        for (Density density : densities) {
            try (PointSource source = new PointSource(context, density)) {
                all.addAll(measured(context, settings.blocks(), String.format(Locale.ROOT, "%,d points of %s", DRAWN_POINTS,
                        density.name()), 1,
                        () -> source.draw(0, RandomPurpose.DATA_P1, 0, DRAWN_POINTS).close(),
                        kernel -> Optional.of(new KernelWork(0, (double) PointSource.POINT_BYTES * DRAWN_POINTS)), peak));
            }
        }
        return all;
    }

    /** The formula of a kernel's work. */
    private interface Work {
        Optional<KernelWork> of(String kernel);
    }

    /** Runs {@code block}, which does {@code pieces} pieces of work, once to warm up and then {@code blocks} times. */
    private static List<KernelTimes> measured(Context context, int blocks, String work, int pieces, Runnable block, Work formula,
            Peak peak) {
        block.run();
        context.takeLaunchTimes();
        Map<String, double[][]> times = new LinkedHashMap<>(); // by kernel: launches, event and host microseconds of each block
        for (int i = 0; i < blocks; i++) {
            block.run();
            for (LaunchTime launch : context.takeLaunchTimes()) {
                double[][] sums = times.computeIfAbsent(launch.kernel(), kernel -> new double[3][blocks]);
                sums[0][i] += 1.0 / pieces;
                sums[1][i] += launch.deviceNanos() * 1e-3 / pieces;
                sums[2][i] += launch.hostNanos() * 1e-3 / pieces;
            }
        }
        List<KernelTimes> all = new ArrayList<>();
        times.forEach((kernel, sums) -> {
            Spread event = Spread.of(sums[1]);
            if (event.median() == 0) {
                return; // a plan that steps in now and then did not in most blocks
            }
            Optional<KernelWork> done = formula.of(kernel);
            Double gflops = done.filter(w -> w.flops() > 0).map(w -> w.flops() * 1e-3 / event.median()).orElse(null);
            Double gigabytes = done.map(w -> w.bytes() * 1e-3 / event.median()).orElse(null);
            all.add(new KernelTimes(work, kernel, Spread.of(sums[0]).median(), event, Spread.of(sums[2]), gflops, gigabytes,
                    gflops == null ? null : gflops / peak.gflops(), gigabytes == null ? null : gigabytes / peak.gigabytes()));
        });
        return all;
    }

    KernelTimes against(Peak peak) {
        return new KernelTimes(work, kernel, launches, eventMicroseconds, hostMicroseconds, gflops, gigabytes,
                gflops == null ? null : gflops / peak.gflops(), gigabytes == null ? null : gigabytes / peak.gigabytes());
    }
}
