package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.model.Network;
import iadb.plan.Tuning;

/** One network on one device with one tuning, for any number of maps. */
public final class MapBench implements AutoCloseable {
    final Context context;
    final Sampler sampler;
    final DeviceBuffer parameters;

    public MapBench(Device device, Tuning tuning, Network network) {
        context = Context.open(device);
        sampler = new Sampler(context, network.shape(), tuning, tuning);
        parameters = context.buffer(network.parameters());
    }

    /** The points after all steps, taken {@code slice} at a time. */
    float[] map(float[] start, Integration integration, int slice) {
        try (DeviceBuffer points = context.buffer(start);
                MapSession session = sampler.session(parameters, points, start.length / 2, integration)) {
            while (!session.isDone()) {
                session.advance(slice);
            }
            return points.read(new float[start.length]);
        }
    }

    /** The points after all steps, [N, 2]. */
    public float[] map(float[] start, Integration integration) {
        return map(start, integration, integration.T());
    }

    @Override
    public void close() {
        parameters.close();
        sampler.close();
        context.close();
    }
}
