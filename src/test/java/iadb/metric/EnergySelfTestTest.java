package iadb.metric;

import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import org.junit.jupiter.api.Test;

/** The check of a device's energy distance refuses no device that answers rightly. */
class EnergySelfTestTest {
    @Test
    void allDevicesPass() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device); EnergyDistance energy = new EnergyDistance(context)) {
                assertTrue(EnergySelfTest.require(context, energy));
            }
        }
    }
}
