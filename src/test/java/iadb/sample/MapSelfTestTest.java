package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.model.NetworkShape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The self-test of the map refuses no device that computes correctly, for any network; it runs here and is not cached. */
class MapSelfTestTest {
    @ParameterizedTest
    @CsvSource({"16,1", "48,3", "64,4", "256,8"})
    void networksOfAllSizesPass(int width, int depth) {
        NetworkShape shape = new NetworkShape(width, depth);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device); Sampler sampler = new Sampler(context, shape)) {
                MapSelfTest check = new MapSelfTest(context, shape, sampler);
                check.requireMap();
                try {
                    check.requireTangents();
                    check.requireInversion();
                } catch (DeviceLimitException e) {
                    // two layers with their tangents exceed the local memory: this device can only map
                }
            }
        }
    }
}
