package iadb.sample;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.cl.WrongAnswerException;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.random.Philox;
import iadb.random.Stream;
import java.util.List;
import java.util.Locale;

/**
 * Two steps of a map's kernel on a handful of points, held against {@link ReferenceMap}: whether a device can be believed.
 * {@link Sampler} asks for it once for a kernel, tuning and network on a device and driver.
 */
final class MapCheck {
    private static final int POINTS = 19;

    /**
     * In both coordinates, which are about 1, and of a log-determinant for each unit of its condition. Single precision gives
     * some 5e-7: this tells a device that answers wrongly from one that rounds in its own way.
     */
    private static final double MOST_OFF = 1e-5;

    private final Context context;
    private final NetworkShape shape;
    private final Sampler sampler;
    private final Integration integration = Integration.of(Solver.RK4, Schedule.LINEAR, 2, false);
    private final float[] starts = new float[2 * POINTS];
    private final float[] ends = new float[2 * POINTS];
    private final ReferenceMap reference;

    MapCheck(Context context, NetworkShape shape, Sampler sampler) {
        this.context = context;
        this.shape = shape;
        this.sampler = sampler;
        for (int c = 0; c < starts.length; c++) {
            starts[c] = Philox.unitInterval(Philox.draw(0, Stream.START_POINTS, c, 0)[0]);
        }
        reference = new ReferenceMap(ReferenceMap.fieldOf(network()), Solver.RK4, Schedule.LINEAR, 2, false);
        double[] exact = reference.ends(starts);
        for (int c = 0; c < ends.length; c++) {
            ends[c] = (float) exact[c];
        }
    }

    private Network network() {
        return Network.initial(shape, 0);
    }

    /** @throws WrongAnswerException if points do not end where they should */
    void requireMap() {
        require("map", starts, ends, false);
    }

    /** As above, and if the density there is wrong. */
    void requireTangents() {
        require("density", starts, ends, true);
    }

    /** @throws WrongAnswerException if points do not come from where they should, or the density there is wrong */
    void requireInversion() {
        require("inverse", ends, starts, true);
    }

    private void require(String what, float[] from, float[] to, boolean withLogDet) {
        try (Resources resources = new Resources()) {
            DeviceBuffer parameters = resources.add(context.buffer(network().parameters()));
            DeviceBuffer points = resources.add(context.buffer(from));
            DeviceBuffer logDet = resources.add(context.buffer(new float[POINTS]));
            MapSession session = resources.add(from == ends ? sampler.inversion(parameters, points, logDet, POINTS, integration)
                    : withLogDet ? sampler.sessionWithTangents(parameters, points, logDet, POINTS, integration)
                    : sampler.session(parameters, points, POINTS, integration));
            session.advance(integration.T());
            float[] found = points.read(new float[2 * POINTS]);
            float[] logDets = logDet.read(new float[POINTS]);
            List<ReferenceMap.LogDeterminant> logDeterminants = withLogDet ? reference.logDeterminants(starts) : List.of();
            int inverted = 0;
            for (int n = 0; n < POINTS; n++) {
                if (from == ends && Float.isNaN(found[2 * n])) {
                    continue; // where the field of an untrained network folds
                }
                inverted++;
                double off = Math.max(Math.abs(found[2 * n] - to[2 * n]), Math.abs(found[2 * n + 1] - to[2 * n + 1]));
                if (!withLogDet) {
                    requireSmall(off, what, "a point", n);
                    continue;
                }
                ReferenceMap.LogDeterminant expected = logDeterminants.get(n);
                requireSmall(from == ends ? off / expected.condition() : off, what, "a point", n);
                if (!expected.onKink()) {
                    requireSmall(Math.abs(logDets[n] - expected.sum()) / expected.condition(), what, "a log-determinant", n);
                }
            }
            if (inverted < POINTS / 2) {
                throw new WrongAnswerException(context.device(), "the inverse finds " + inverted + " of " + POINTS + " points");
            }
        }
    }

    private void requireSmall(double off, String kernel, String what, int n) {
        if (!(off <= MOST_OFF)) {
            throw new WrongAnswerException(context.device(), String.format(Locale.ROOT,
                    "%s of the %s is off by %.1e (number %d of the check)", what, kernel, off, n));
        }
    }
}
