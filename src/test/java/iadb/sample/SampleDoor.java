package iadb.sample;

import iadb.cl.Source;
import java.util.List;

/** What the repository's tools need of this package. */
public final class SampleDoor {
    private SampleDoor() {
    }

    public static List<Source> densitySources() {
        return Sampler.densitySources();
    }
}
