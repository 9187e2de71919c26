package iadb.sample;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.WrongResultException;
import iadb.cl.Resources;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import iadb.sample.PushForward.PointsWithDensity;
import java.util.List;
import java.util.Locale;

/**
 * Compares two steps of a map's kernel by each solver with {@link ReferenceMap}, on a few points. {@link Sampler} runs it once
 * for each kernel, tuning, network, device and driver.
 */
final class MapSelfTest {
    private static final int POINTS = 19;

    /**
     * Largest error of a coordinate, which is about 1, and of a log-determinant per unit of its condition. Rounding gives about
     * 5e-7.
     */
    private static final double TOLERANCE = 1e-5;

    private static final int T = 2;

    /** α of the last step's end with an encoding: its untrained field is steep, and longer steps would fold the plane. */
    private static final float ENCODED_SPAN = 1f / 16;

    private final Context context;
    private final Sampler sampler;
    private final Network network;
    private final float[] alphas; // of the steps from p0 to p1
    private final float[] starts = new float[2 * POINTS];

    MapSelfTest(Context context, NetworkShape shape, Sampler sampler) {
        this.context = context;
        this.sampler = sampler;
        network = Network.initial(shape, 0);
        float span = shape.features() == 0 ? 1 : ENCODED_SPAN;
        alphas = new float[] {0, span / 2, span};
        for (int c = 0; c < starts.length; c++) {
            starts[c] = Philox.unitInterval(Philox.draw(0, RandomPurpose.START_POINTS, c, 0)[0]);
        }
    }

    /** @throws WrongResultException if points end in the wrong place */
    void requireMap() {
        for (Solver solver : Solver.values()) {
            requireEnds(solver, false, false);
        }
        requireEnds(Solver.EULER, true, false);
    }

    /** @throws WrongResultException if points end in the wrong place, or their log-determinants are wrong */
    void requireTangents() {
        for (Solver solver : Solver.values()) {
            requireEnds(solver, false, true);
        }
    }

    /** @throws WrongResultException if points are inverted to the wrong place, or their log-determinants are wrong */
    void requireInversion() {
        for (Solver solver : Solver.values()) {
            requireStarts(solver);
        }
    }

    private void requireEnds(Solver solver, boolean reverse, boolean withDensity) {
        String what = (withDensity ? "density" : "map") + " by " + solver;
        ReferenceMap reference = reference(solver, reverse);
        double[] ends = reference.ends(starts);
        Integration integration = integration(solver, reverse);
        PointsWithDensity moved = move(starts, (parameters, points, logDet) -> withDensity
                ? sampler.sessionWithTangents(parameters, points, logDet, POINTS, integration)
                : sampler.session(parameters, points, POINTS, integration));
        List<ReferenceMap.LogDeterminant> expected = withDensity ? reference.logDeterminants(starts) : List.of();
        for (int n = 0; n < POINTS; n++) {
            requireSmall(distance(moved.points(), ends, n), what, "a point", n);
            if (withDensity) {
                requireLogDeterminant(moved.logDensity()[n], expected.get(n), what, n);
            }
        }
    }

    private void requireStarts(Solver solver) {
        String what = "inverse by " + solver;
        ReferenceMap reference = reference(solver, false);
        float[] ends = new float[starts.length];
        double[] exact = reference.ends(starts);
        for (int c = 0; c < ends.length; c++) {
            ends[c] = (float) exact[c];
        }
        List<ReferenceMap.LogDeterminant> expected = reference.logDeterminants(starts);
        Integration integration = integration(solver, false);
        PointsWithDensity moved = move(ends, (parameters, points, logDet) ->
                sampler.inversion(parameters, points, logDet, POINTS, integration));
        int inverted = 0;
        for (int n = 0; n < POINTS; n++) {
            if (!Float.isNaN(moved.points()[2 * n])) { // NaN where the field of the untrained network folds
                inverted++;
                double off = distance(moved.points(), ReferenceMap.widened(starts), n);
                requireSmall(off / expected.get(n).condition(), what, "a point", n);
                requireLogDeterminant(moved.logDensity()[n], expected.get(n), what, n);
            }
        }
        if (inverted < POINTS / 2) {
            throw new WrongResultException(context.device(), "the " + what + " finds " + inverted + " of " + POINTS + " points");
        }
    }

    private ReferenceMap reference(Solver solver, boolean reverse) {
        return new ReferenceMap(ReferenceMap.fieldOf(network), solver, ReferenceMap.widened(integration(solver, reverse).alphas()));
    }

    private Integration integration(Solver solver, boolean reverse) {
        return new Integration(solver, reverse ? new float[] {alphas[2], alphas[1], alphas[0]} : alphas);
    }

    private interface Opener {
        MapSession open(DeviceBuffer parameters, DeviceBuffer points, DeviceBuffer logDet);
    }

    /** The points after a session, and what it added to zeros in {@code logDet}. */
    private PointsWithDensity move(float[] from, Opener opener) {
        try (Resources resources = new Resources()) {
            DeviceBuffer parameters = resources.add(context.buffer(network.parameters()));
            DeviceBuffer points = resources.add(context.buffer(from));
            DeviceBuffer logDet = resources.add(context.buffer(new float[POINTS]));
            resources.add(opener.open(parameters, points, logDet)).advance(T);
            return new PointsWithDensity(points.read(new float[2 * POINTS]), logDet.read(new float[POINTS]));
        }
    }

    /** The largest coordinate of the difference. */
    private static double distance(float[] points, double[] expected, int n) {
        return Math.max(Math.abs(points[2 * n] - expected[2 * n]), Math.abs(points[2 * n + 1] - expected[2 * n + 1]));
    }

    private void requireLogDeterminant(float found, ReferenceMap.LogDeterminant expected, String kernel, int n) {
        if (!expected.onKink()) {
            requireSmall(Math.abs(found - expected.sum()) / expected.condition(), kernel, "a log-determinant", n);
        }
    }

    private void requireSmall(double off, String kernel, String what, int n) {
        if (!(off <= TOLERANCE)) {
            throw new WrongResultException(context.device(), String.format(Locale.ROOT,
                    "%s of the %s is off by %.1e (point %d of the self-test)", what, kernel, off, n));
        }
    }
}
