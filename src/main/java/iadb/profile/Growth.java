package iadb.profile;

import iadb.cl.Context;
import iadb.cl.DeviceLimitException;
import iadb.cl.Resources;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a training step costs, for one network, batch and plan.
 *
 * @param plan         that ran
 * @param tuning       it ran with
 * @param width        of the network
 * @param depth        of the network
 * @param batch        rows a step
 * @param microseconds a step by the host's clock, everything included
 * @param gflops       billions of operations a second that the step asks for: forward and backward, not the update
 * @param shareOfPeak  of the measured peak
 */
record Growth(String plan, String tuning, int width, int depth, int batch, Spread microseconds, double gflops,
        double shareOfPeak) {
    /** The plans side by side, in alternating blocks; one that this device replaces by another is left out. */
    static List<Growth> ofPlans(Context context, NetworkShape shape, int batch, Settings settings, Peak peak) {
        List<Growth> all = new ArrayList<>();
        try (Resources resources = new Resources()) {
            List<TrainingBlocks> running = new ArrayList<>();
            for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
                TrainingBlocks blocks;
                try {
                    blocks = resources.add(new TrainingBlocks(context, shape, batch, Optional.of(kind)));
                } catch (DeviceLimitException e) {
                    continue;
                }
                if (blocks.choice().kind() == kind) {
                    blocks.warmUp(settings.warmUpSeconds(), settings.blockSeconds());
                    running.add(blocks);
                }
            }
            double[][] times = new double[running.size()][settings.blocks()];
            for (int i = 0; i < settings.blocks(); i++) {
                for (int plan = 0; plan < running.size(); plan++) {
                    times[plan][i] = running.get(plan).block();
                }
            }
            for (int plan = 0; plan < running.size(); plan++) {
                all.add(of(running.get(plan).choice(), shape, batch, Spread.of(times[plan]), peak));
            }
        }
        return all;
    }

    /** The plan that {@code auto} takes. */
    static Growth of(Context context, NetworkShape shape, int batch, Settings settings, Peak peak) {
        try (TrainingBlocks blocks = new TrainingBlocks(context, shape, batch, Optional.empty())) {
            blocks.warmUp(settings.warmUpSeconds(), settings.blockSeconds());
            return of(blocks.choice(), shape, batch, Spread.of(settings.blocks(), blocks::block), peak);
        }
    }

    private static Growth of(PlanChoice choice, NetworkShape shape, int batch, Spread microseconds, Peak peak) {
        double gflops = 1e-3 * shape.trainingFlops() * batch / microseconds.median();
        return new Growth(choice.kind().toString(), choice.tuning().toString(), shape.width(), shape.depth(), batch, microseconds,
                gflops, gflops / peak.gflops());
    }

    Growth against(Peak peak) {
        return new Growth(plan, tuning, width, depth, batch, microseconds, gflops, gflops / peak.gflops());
    }
}
