package iadb.sample;

import iadb.cl.Source;
import iadb.model.Network;
import iadb.sample.Integration.Schedule;
import java.util.List;

/** Gives the repository's tools and the tests of other packages access to package-private members. */
public final class SampleAccess {
    /**
     * What the double-precision reference makes of points.
     *
     * @param ends    [n, 2]
     * @param logDets [n], the sums of log|det J|
     * @param onKink  [n], whether single precision may be on another side of a kink, so that logDets may differ
     */
    public record Reference(double[] ends, double[] logDets, boolean[] onKink) { }

    private SampleAccess() {
    }

    public static Reference reference(Network network, Solver solver, Schedule schedule, int T, float[] starts) {
        ReferenceMap map = new ReferenceMap(ReferenceMap.fieldOf(network), solver, schedule, T, false);
        List<ReferenceMap.LogDeterminant> determinants = map.logDeterminants(starts);
        boolean[] onKink = new boolean[determinants.size()];
        for (int n = 0; n < onKink.length; n++) {
            onKink[n] = determinants.get(n).onKink();
        }
        return new Reference(map.ends(starts), determinants.stream().mapToDouble(ReferenceMap.LogDeterminant::sum).toArray(), onKink);
    }

    public static List<Source> densitySources() {
        return Sampler.densitySources();
    }
}
