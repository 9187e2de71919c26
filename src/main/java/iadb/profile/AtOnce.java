package iadb.profile;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.draw.PointSource;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.JointPlan;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.Tuning;
import iadb.random.RandomPurpose;
import iadb.train.TrainingSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The cost of a training step of several maps at once.
 *
 * @param maps          K; 1: a map alone, by the fastest plan
 * @param microseconds  per step of all K
 * @param mapsPerSecond of the tutorial's number of iterations
 * @param ratio         time over that of K maps one after the other, in each pair of consecutive blocks
 */
record AtOnce(int maps, Spread microseconds, double mapsPerSecond, Spread ratio) {
    /** Times 1, 2, 4, ... maps in alternating blocks, up to twice the number that keeps the device busy. */
    static List<AtOnce> measure(Context context, NetworkShape shape, Settings settings) {
        TrainingSettings tutorial = TrainingSettings.tutorial();
        PlanChoice choice = new PlanSelector(context.device(), shape, settings.batch(), Optional.empty(), Optional.empty()).known();
        Optional<Tuning> tuning = JointPlan.tuning(context, choice, shape, settings.batch());
        if (tuning.isEmpty() || !JointPlan.passes(context, shape, choice, tuning.get())) {
            return List.of();
        }
        try (Resources resources = new Resources(); DeviceBuffer points = context.buffer(2L * tutorial.data() * PointSource.POINT_BYTES)) {
            draw(context, points, tutorial.data());
            TrainingStep.Blocks alone = resources.add(new TrainingStep.Blocks(context, shape, settings.batch(), Optional.empty()));
            alone.warmUp(settings.warmUpSeconds(), settings.blockSeconds());
            List<Joint> all = new ArrayList<>();
            for (int maps = 2; maps <= 2 * JointPlan.placesOf(context.device(), tuning.get()); maps *= 2) {
                try {
                    all.add(new Joint(context, shape, settings.batch(), resources.add(new JointPlan(context, shape, tuning.get(), settings.batch(),
                            points, maps)), maps, settings.blockSeconds()));
                } catch (DeviceLimitException e) {
                    break; // out of memory
                }
            }
            double[] one = new double[settings.blocks()];
            double[][] times = new double[all.size()][settings.blocks()];
            double[][] ratios = new double[all.size()][settings.blocks()];
            for (int block = 0; block < settings.blocks(); block++) {
                for (int k = 0; k < all.size(); k++) {
                    one[block] = alone.microsecondsPerStep();
                    times[k][block] = all.get(k).microsecondsPerStep();
                    ratios[k][block] = times[k][block] / (all.get(k).maps * one[block]);
                }
            }
            List<AtOnce> measured = new ArrayList<>(List.of(of(1, Spread.of(one), null)));
            for (int k = 0; k < all.size(); k++) {
                measured.add(of(all.get(k).maps, Spread.of(times[k]), Spread.of(ratios[k])));
            }
            return measured;
        }
    }

    private static AtOnce of(int maps, Spread microseconds, Spread ratio) {
        return new AtOnce(maps, microseconds, maps * 1e6 / microseconds.median() / TrainingSettings.tutorial().iterations(), ratio);
    }

    private static void draw(Context context, DeviceBuffer points, int count) {
        try (PointSource p0 = new PointSource(context, TrainingStep.P0); PointSource p1 = new PointSource(context, TrainingStep.P1)) {
            points.write(p0.drawToHost(0, RandomPurpose.DATA_P0, 0, count), 0);
            points.write(p1.drawToHost(0, RandomPurpose.DATA_P1, 0, count), 2L * count);
        }
    }

    /** Maps that train at once in blocks of steps. */
    private static final class Joint {
        private final Context context;
        private final JointPlan plan;
        private final int maps;
        private int steps = 1;
        private int done;

        /** Sets the steps of a block so that it takes about {@code blockSeconds}. */
        Joint(Context context, NetworkShape shape, int batch, JointPlan plan, int maps, double blockSeconds) {
            this.context = context;
            this.plan = plan;
            this.maps = maps;
            int count = TrainingSettings.tutorial().data();
            IntStream.range(0, maps).forEach(place -> plan.begin(place, new JointPlan.Training(0, count, count, count, place,
                    TrainingSettings.tutorial().learningRate(), 0, 0), Checkpoint.start(Network.initial(shape, place), false)));
            microsecondsPerStep(); // some drivers compile at the first launch
            while (microsecondsPerStep() * 1e-6 * steps < blockSeconds / 2 && steps < JointPlan.MAX_STEPS) {
                steps *= 2;
            }
        }

        double microsecondsPerStep() {
            int[] first = new int[maps];
            int[] count = new int[maps];
            Arrays.fill(first, done);
            Arrays.fill(count, steps);
            long start = System.nanoTime();
            plan.enqueueSteps(first, count);
            context.finish();
            done += steps;
            return (System.nanoTime() - start) * 1e-3 / steps;
        }
    }
}
