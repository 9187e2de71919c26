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

/**
 * The kernels of one tuning, built, with work that can be repeated and timed.
 *
 * @param resources closed with the trial
 * @param work      does so many repetitions, and waits for them
 * @param answer    what the kernels compute of the same input as those of other tunings
 * @param clock     in nanoseconds
 */
public record TuningTrial(Resources resources, IntConsumer work, float[] answer, LongSupplier clock) implements AutoCloseable {
    /** A tuning is faster than another when its time is at most this share of the other's: less is noise. */
    public static final double LEAST_GAIN = 0.98;

    private static final int MIN_BLOCKS = 3; // for a median
    private static final int MAX_REPETITIONS = 1 << 20;
    private static final int ANSWER_STEPS = 4; // of a training
    private static final int LOSS_SLOTS = 64;

    /** A trial by the system's clock. */
    public TuningTrial(Resources resources, IntConsumer work, float[] answer) { this(resources, work, answer, System::nanoTime); }

    /**
     * Training steps by the plan {@code fused}; the answer is the weights after some.
     *
     * @param batch what the rows are drawn from; the weights are the trial's own
     */
    public static TuningTrial ofTraining(Context context, NetworkShape shape, Batch batch, Tuning tuning) {
        Resources own = new Resources();
        try {
            Checkpoint start = Checkpoint.start(Network.initial(shape, 0), batch.averages());
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
    boolean answersLike(TuningTrial other) { return Arrays.equals(answer, other.answer); }

    /**
     * How many repetitions take from half of {@code nanos} to all of it; 1 where one takes longer. Warms up.
     *
     * @param timeIsLeft whether a block that seemed long enough may be timed again: something else may have delayed it
     */
    public int repetitions(long nanos, BooleanSupplier timeIsLeft) {
        int count = 1;
        while (count < MAX_REPETITIONS
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
     * @param repetitions of a block, at most, such as the other's {@link #repetitions}
     * @param nanos       of a block, about; fewer repetitions are made where this trial is the slower one
     * @param blocks      pairs at most
     * @param timeIsLeft  whether another pair may be timed
     * @return empty when time ended after too few pairs
     */
    public OptionalDouble shareOf(TuningTrial other, int repetitions, long nanos, int blocks, BooleanSupplier timeIsLeft) {
        if (!timeIsLeft.getAsBoolean()) {
            return OptionalDouble.empty();
        }
        double[] shares = new double[blocks];
        int done = 0;
        int count = Math.min(repetitions, repetitions(nanos, timeIsLeft));
        while (done < blocks && timeIsLeft.getAsBoolean()) {
            shares[done++] = (double) nanos(count) / other.nanos(count);
        }
        Arrays.sort(shares, 0, done);
        return done < MIN_BLOCKS ? OptionalDouble.empty() : OptionalDouble.of(shares[done / 2]);
    }

    @Override
    public void close() { resources.close(); }
}
