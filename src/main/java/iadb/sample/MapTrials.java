package iadb.sample;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.Tuning;
import iadb.plan.TuningTrial;

/**
 * Trials of tunings by steps of the map. Their answer is where the points are after the first few steps.
 *
 * @param points       how many
 * @param withTangents whether the density is computed too
 */
public record MapTrials(Context context, NetworkShape shape, int points, boolean withTangents) {
    /** As many as the tutorial maps by default. */
    public static final int FEW_POINTS = 2048;

    private static final int STEPS = 4;
    private static final int T = 4096; // of a session: so many that opening one hardly counts

    /** Builds the kernels of a tuning, and computes their answer. */
    public TuningTrial open(Tuning tuning) {
        Resources own = new Resources();
        try {
            DeviceBuffer parameters = own.add(context.buffer(Network.initial(shape, 0).parameters()));
            DeviceBuffer moving = own.add(context.buffer(starts()));
            DeviceBuffer logDet = own.add(context.zeros(points * Float.BYTES));
            Sampler sampler = own.add(new Sampler(context, shape, tuning, tuning));
            Resources current = own.add(new Resources()); // the current session
            MapSession[] session = {current.add(open(sampler, parameters, moving, logDet))};
            session[0].advance(STEPS);
            return new TuningTrial(own, count -> {
                for (long left = (long) count * STEPS; left > 0;) {
                    if (session[0].isDone()) {
                        current.close();
                        session[0] = current.add(open(sampler, parameters, moving, logDet));
                    }
                    int before = session[0].step();
                    session[0].advance((int) Math.min(left, T));
                    left -= session[0].step() - before;
                }
            }, moving.read(new float[2 * points]));
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    private MapSession open(Sampler sampler, DeviceBuffer parameters, DeviceBuffer moving, DeviceBuffer logDet) {
        Integration integration = Integration.of(Solver.EULER, Schedule.LINEAR, T, false);
        return withTangents ? sampler.sessionWithTangents(parameters, moving, logDet, points, integration)
                : sampler.session(parameters, moving, points, integration);
    }

    /** Points of a grid in the unit square, [points, 2]. */
    private float[] starts() {
        int side = (int) Math.ceil(Math.sqrt(points));
        float[] starts = new float[2 * points];
        for (int i = 0; i < points; i++) {
            starts[2 * i] = (i % side + 0.5f) / side;
            starts[2 * i + 1] = (i / side + 0.5f) / side;
        }
        return starts;
    }
}
