package iadb.draw;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Densities;
import iadb.density.Density;
import iadb.random.RandomPurpose;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every device draws the points of the definitions, bit for bit, and passes its self-test. */
class ReferenceDrawTest {
    private static Density noise(int width, int height, int brightest, double dark) {
        Random random = new Random(5);
        return Densities.filled("noise", width, height, () -> random.nextDouble() < dark ? 0 : 1 + random.nextInt(brightest));
    }

    @ParameterizedTest
    @EnumSource
    void devicesDrawThePointsOfTheDefinitions(PointSource.Method method) {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                ReferenceDraw.selfTest(context, method);
                for (Density density : new Density[] {noise(1, 1, 1, 0), noise(37, 11, 65_535, 0.5), noise(64, 100, 3, 0.9)}) {
                    try (PointSource source = new PointSource(context, density, method)) {
                        for (int first : new int[] {0, Integer.MAX_VALUE - 1000}) {
                            assertArrayEquals(new ReferenceDraw(density, -7, RandomPurpose.DATA_P1).points(method, first, 999),
                                    source.drawToHost(-7, RandomPurpose.DATA_P1, first, 999), device.name());
                        }
                    }
                }
            }
        }
    }
}
