package iadb.plan;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Resources;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import java.util.Optional;

/**
 * Trials of tunings by training steps of the plan {@code fused}; their answer is the weights after some.
 *
 * @param batch what the rows are drawn from; weights are each trial's own
 */
public record TrainingTrials(Context context, NetworkShape shape, Batch batch) implements TuningChoice.Trials {
    private static final int ANSWER_STEPS = 4;
    private static final int LOSS_SLOTS = 64;

    @Override
    public Background<Void> build(Tuning tuning) {
        return context.buildAhead(Plan.sources(PlanChoice.Kind.FUSED), tuning.options(shape, context.device()));
    }

    @Override
    public TuningTrial open(Tuning tuning) {
        Resources own = new Resources();
        try {
            Checkpoint start = Checkpoint.start(Network.initial(shape, 0), batch.rates().averages());
            TrainingState state = own.add(TrainingState.of(context, start, LOSS_SLOTS));
            Plan plan = own.add(new Plan(context, shape, new PlanChoice(PlanChoice.Kind.FUSED, tuning, Optional.empty()), batch, state));
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
}
