package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.draw.PointSource.Sequence;
import iadb.draw.PointSource;
import iadb.metric.SlicedWasserstein;
import iadb.metric.TotalVariation;
import iadb.model.Model;
import iadb.random.RandomPurpose;
import iadb.sample.Integration.Schedule;
import iadb.sample.Integration;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;

/** Compares the maps of a table with their p1, as the command evaluate does; draws the exact samples of a density once. */
public final class BatchComparison {
    private static final long SEED = 0; // as 'evaluate' has unless given

    private final int count;
    private final Map<Density, Exact> exact = Collections.synchronizedMap(new WeakHashMap<>()); // of each p1 in use

    /**
     * Exact samples of a density.
     *
     * @param points   [count, 2]
     * @param distance of these from as many other exact samples
     * @param ofOthers the total variation of the other samples
     */
    private record Exact(float[] points, double distance, TotalVariation variation, double ofOthers) { }

    /** Receives the starts and the ends of the points that are compared. */
    @FunctionalInterface
    public interface PointListener {
        /**
         * @param starts [count, 2]
         * @param points [count, 2]
         */
        void mapped(float[] starts, float[] points) throws IOException;
    }

    /** @param count points to compare of each map */
    public BatchComparison(int count) {
        this.count = count;
    }

    /**
     * The figures of a map.
     *
     * @param model   with both densities
     * @param steps   T, Euler steps of the map
     * @param loss    copied into the figures, as is {@code seconds}
     */
    public BatchSummary.Figures figures(Context context, Model model, int steps, double loss, double seconds, PointListener listener)
            throws IOException {
        Exact samples = exact(model.p1().orElseThrow(), context);
        try (PushForward map = new PushForward(context, model.network(), Optional.empty(),
                Integration.of(Solver.EULER, Schedule.LINEAR, steps, false), share -> true);
                PointStream stream = PointStream.of(context, model.p0().orElseThrow(), Sequence.RANDOM, SEED, count)) {
            float[] starts = stream.next(count);
            float[] points = map.map(starts);
            listener.mapped(starts, points);
            double side = model.box().side();
            return new BatchSummary.Figures(steps, side * SlicedWasserstein.distance(points, samples.points), side * samples.distance,
                    samples.variation.distance(points), samples.ofOthers, loss, seconds, context.device().name());
        }
    }

    private Exact exact(Density p1, Context context) {
        Exact known = exact.get(p1);
        if (known == null) { // two devices may both draw them
            try (PointSource source = new PointSource(context, p1)) {
                float[] points = source.drawToHost(SEED, RandomPurpose.REFERENCE_POINTS, 0, count);
                float[] others = source.drawToHost(SEED, RandomPurpose.REFERENCE_POINTS, count, count);
                TotalVariation variation = new TotalVariation(p1);
                known = new Exact(points, SlicedWasserstein.distance(others, points), variation, variation.distance(others));
            }
            exact.put(p1, known);
        }
        return known;
    }
}
