package iadb.sample;

import iadb.cl.Source;
import java.util.List;

/** Gives the repository's tools access to package-private members. */
public final class SampleAccess {
    private SampleAccess() {
    }

    public static List<Source> densitySources() {
        return Sampler.densitySources();
    }
}
