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
    @CsvSource({"16,1,0", "48,3,0", "64,4,0", "256,8,0", "16,1,8", "64,4,32", "80,3,128"})
    void networksOfAllSizesPass(int width, int depth, int features) {
        NetworkShape shape = new NetworkShape(width, depth, features);
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
