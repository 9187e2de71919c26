package iadb.plan;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.model.Network;

/**
 * What a training holds on the device from step to step, whichever plan runs it.
 *
 * @param parameters [shape.bufferFloats()], the live weights
 * @param transposed [L-1][W][W], copies of the hidden weights that {@code update} keeps in step with them
 * @param moment1    Adam's first moment, as parameters
 * @param moment2    Adam's second moment, as parameters
 * @param losses     [lossSlots], the loss of step s in slot s % lossSlots
 * @param lossSlots  steps whose losses are kept
 */
public record TrainingState(DeviceBuffer parameters, DeviceBuffer transposed, DeviceBuffer moment1, DeviceBuffer moment2,
        DeviceBuffer losses, int lossSlots) implements AutoCloseable {
    /** A training that starts from {@code network}, with moments of zero. */
    public static TrainingState start(Context context, Network network, int lossSlots) {
        int bytes = network.parameters().length * Float.BYTES;
        Resources made = new Resources();
        try {
            return new TrainingState(made.add(context.buffer(network.parameters())),
                    made.add(context.buffer(network.transposed())), made.add(context.zeros(bytes)),
                    made.add(context.zeros(bytes)), made.add(context.zeros(lossSlots * Float.BYTES)), lossSlots);
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
    }

    @Override
    public void close() {
        parameters.close();
        transposed.close();
        moment1.close();
        moment2.close();
        losses.close();
    }
}
