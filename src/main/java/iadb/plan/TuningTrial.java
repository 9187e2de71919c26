package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Resources;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/** The kernels of one tuning, built, with some work for them that can be repeated and timed. */
public final class TuningTrial implements AutoCloseable {
    /** A tuning is faster than another when its time is at most this share of the other's: less is noise. */
    public static final double LEAST_GAIN = 0.98;

    private static final int LEAST_BLOCKS = 3; // whose median says something
    private static final int ANSWER_STEPS = 4; // of a training
    private static final int LOSS_SLOTS = 64;
    private static final int MOST_REPETITIONS = 1 << 20;

    private final Resources resources;
    private final IntConsumer work;
    private final float[] answer;
    private final LongSupplier clock;

    /**
     * @param resources what to close with the trial
     * @param work      does so many repetitions, and waits for them
     * @param answer    what the kernels computed of the same numbers as those of other tunings; may be empty
     */
    public TuningTrial(Resources resources, IntConsumer work, float[] answer) {
        this(resources, work, answer, System::nanoTime);
    }

    /** @param clock in nanoseconds, another than the system's in tests */
    TuningTrial(Resources resources, IntConsumer work, float[] answer, LongSupplier clock) {
        this.resources = resources;
        this.work = work;
        this.answer = answer;
        this.clock = clock;
    }

    /**
     * Training steps by the plan {@code fused}; the answer is the weights after some.
     *
     * @param batch what the rows are drawn from; the weights are the trial's own
     */
    public static TuningTrial ofTraining(Context context, NetworkShape shape, Batch batch, Tuning tuning) {
        Resources own = new Resources();
        try {
            Checkpoint start = Checkpoint.start(Network.initial(shape, 0), batch.rates().averages());
            TrainingState state = own.add(TrainingState.of(context, start, LOSS_SLOTS));
            Plan plan = own.add(new Plan(context, shape, new PlanChoice(PlanChoice.Kind.FUSED, tuning, List.of()), batch, state));
            plan.enqueueSteps(0, ANSWER_STEPS);
            float[] answer = state.parameters().read(new float[shape.bufferFloats()]);
            int[] step = {ANSWER_STEPS};
            return new TuningTrial(own, count -> {
                plan.enqueueSteps(step[0], count);
                step[0] += count;
                context.finish();
            }, answer);
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /** Whether these kernels gave the same bits. */
    boolean answersLike(TuningTrial other) {
        return Arrays.equals(answer, other.answer);
    }

    /**
     * How many repetitions fill a block of {@code nanos} at most and half of that at least; 1 where one takes longer. Warms up.
     *
     * @param timeIsLeft asked before a block that seemed long is timed again: something else may have delayed it
     */
    public int repetitions(long nanos, BooleanSupplier timeIsLeft) {
        int count = 1;
        while (count < MOST_REPETITIONS
                && (nanos(count) < nanos / 2 || timeIsLeft.getAsBoolean() && nanos(count) < nanos / 2)) {
            count *= 2;
        }
        return count;
    }

    /** Nanoseconds of {@code count} repetitions. */
    long nanos(int count) {
        long start = clock.getAsLong();
        work.accept(count);
        return clock.getAsLong() - start;
    }

    /**
     * This trial's time as a share of another's: the median over pairs of blocks, one of each in turn.
     *
     * @param most       repetitions a block, at most: as many as the other's {@link #repetitions}
     * @param nanos      of a block, about; fewer repetitions are made where this trial is the slower one
     * @param blocks     pairs at most
     * @param timeIsLeft asked before each pair, and before this trial warms up
     * @return empty when time ended after too few pairs
     */
    public OptionalDouble shareOf(TuningTrial other, int most, long nanos, int blocks, BooleanSupplier timeIsLeft) {
        if (!timeIsLeft.getAsBoolean()) {
            return OptionalDouble.empty();
        }
        double[] shares = new double[blocks];
        int done = 0;
        int count = Math.min(most, repetitions(nanos, timeIsLeft));
        while (done < blocks && timeIsLeft.getAsBoolean()) {
            shares[done++] = (double) nanos(count) / other.nanos(count);
        }
        Arrays.sort(shares, 0, done);
        return done < LEAST_BLOCKS ? OptionalDouble.empty() : OptionalDouble.of(shares[done / 2]);
    }

    @Override
    public void close() {
        resources.close();
    }
}
