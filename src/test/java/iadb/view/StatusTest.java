package iadb.view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.plot.Box;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The numbers of a chosen point, in the user's units. */
class StatusTest {
    @Test
    void positionsAreInTheUnitsOfTheBox() {
        assertEquals("(0.2500, 0.5000)", Status.position(0.25, 0.5, Box.UNIT));
        assertEquals("(1005.000, -95.000)", Status.position(0.25, 0.75, new Box(1000, -110, 20)));
        assertEquals("(0.002500, 0.005000)", Status.position(0.25, 0.5, new Box(0, 0, 0.01)));
        assertEquals("(2.50000e+06, 5.00000e+06)", Status.position(0.25, 0.5, new Box(0, 0, 1e7)));
    }

    @Test
    void logDensitiesArePerUnitOfTheUsersArea() {
        float[] points = {0.2f, 0.3f, 0.5f, 0.6f, 0.7f, 0.4f};
        Box box = new Box(-3, 5, 10);
        Density density = new PointDensity("points", Optional.empty(), points, box, 0);
        double expected = density.logDensityAt(0.5, 0.5) - Math.log(100);
        assertEquals(String.format(Locale.ROOT, "%.2f", expected), Status.logDensity(density, 0.5, 0.5, box));
    }
}
