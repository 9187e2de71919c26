package iadb.draw;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Densities;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.PointDensity;
import iadb.plot.Box;
import iadb.random.RandomPurpose;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every device draws the points of the definitions, bit for bit, and passes its self-test. */
class ReferenceDrawTest {
    private static ImageDensity noise(int width, int height, int brightest, double dark) {
        Random random = new Random(5);
        return Densities.filled("noise", width, height, () -> random.nextDouble() < dark ? 0 : 1 + random.nextInt(brightest));
    }

    private static PointDensity rows(int count) {
        Random random = new Random(6);
        float[] points = new float[2 * count];
        for (int i = 0; i < points.length; i++) {
            points[i] = random.nextFloat();
        }
        return new PointDensity("rows", Optional.empty(), points, Box.UNIT, 0);
    }

    private static List<Density> densities(PointSource.Method method) {
        return switch (method) {
            case REJECTION, INVERSION, SOBOL -> List.of(noise(1, 1, 1, 0), noise(37, 11, 65_535, 0.5), noise(64, 100, 3, 0.9));
            case ROWS, EVEN_ROWS -> List.of(rows(2), rows(1009));
        };
    }

    @ParameterizedTest
    @EnumSource
    void devicesDrawThePointsOfTheDefinitions(PointSource.Method method) {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                ReferenceDraw.selfTest(context, method);
                for (Density density : densities(method)) {
                    try (PointSource source = new PointSource(context, density, method)) {
                        for (int first : new int[] {0, Integer.MAX_VALUE - 1000}) {
                            assertArrayEquals(ReferenceDraw.of(density, -7, RandomPurpose.DATA_P1).points(method, first, 999),
                                    source.drawToHost(-7, RandomPurpose.DATA_P1, first, 999), device.name());
                        }
                    }
                }
            }
        }
    }
}
