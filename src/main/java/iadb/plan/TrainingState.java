package iadb.plan;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The state of a training on the device, the same for all plans.
 *
 * @param parameters [shape.bufferFloats()], the current weights
 * @param transposed [L-1][W][W], copies of the hidden weights, updated with them
 * @param moment1    [shape.bufferFloats()], Adam's first moment
 * @param moment2    [shape.bufferFloats()], Adam's second moment
 * @param average    [shape.bufferFloats()], the average of the weights; empty without one
 * @param losses     [lossSlots], the loss of step s in slot s % lossSlots
 * @param lossSlots  steps whose losses are kept
 */
public record TrainingState(DeviceBuffer parameters, DeviceBuffer transposed, DeviceBuffer moment1, DeviceBuffer moment2,
        Optional<DeviceBuffer> average, DeviceBuffer losses, int lossSlots) implements AutoCloseable {
    /** Copies the state in {@code checkpoint} to the device. */
    public static TrainingState of(Context context, Checkpoint checkpoint, int lossSlots) {
        Network weights = checkpoint.weights();
        Resources made = new Resources();
        try {
            return new TrainingState(made.add(context.buffer(weights.parameters())),
                    made.add(context.buffer(weights.transposed())), made.add(context.buffer(checkpoint.moment1())),
                    made.add(context.buffer(checkpoint.moment2())),
                    checkpoint.average().map(average -> made.add(context.buffer(average.parameters()))),
                    made.add(context.zeros(lossSlots * Float.BYTES)), lossSlots);
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
    }

    /** Enqueues a copy of everything that {@link #read} returns to a state of the same shape. */
    public void copyTo(Context context, TrainingState other) {
        copy(context, parameters, other.parameters);
        copy(context, moment1, other.moment1);
        copy(context, moment2, other.moment2);
        average.ifPresent(from -> copy(context, from, other.average.orElseThrow()));
    }

    private static void copy(Context context, DeviceBuffer from, DeviceBuffer to) { context.copy(from, 0, to, 0, from.bytes()); }

    /** Waits for what is enqueued, and copies the state after {@code step} steps to the host. */
    public Checkpoint read(NetworkShape shape, int step) {
        return new Checkpoint(new Network(shape, floats(parameters, shape)), floats(moment1, shape), floats(moment2, shape),
                average.map(buffer -> new Network(shape, floats(buffer, shape))), step);
    }

    private static float[] floats(DeviceBuffer buffer, NetworkShape shape) {
        return buffer.read(new float[shape.bufferFloats()]);
    }

    /** The weights to map with, [shape.bufferFloats()]: the average, or else the current weights. */
    public DeviceBuffer result() { return average.orElse(parameters); }

    @Override
    public void close() {
        Stream.of(parameters, transposed, moment1, moment2, losses).forEach(DeviceBuffer::close);
        average.ifPresent(DeviceBuffer::close);
    }
}
