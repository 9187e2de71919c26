package iadb.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import org.junit.jupiter.api.Test;

class PaintingTest {
    @Test
    void strokeIsBrightWhereTheBrushWasAndDarkElsewhere() {
        Painting painting = new Painting();
        painting.draw(0.2, 0.7, 0.05, true, false);
        painting.draw(0.8, 0.7, 0.05, false, false);
        Density density = painting.density();
        for (double x = 0.2; x <= 0.8; x += 0.05) {
            assertTrue(Double.isFinite(density.logDensityAt(x, 0.7)), "no gaps at " + x);
            assertTrue(Double.isFinite(density.logDensityAt(x, 0.74)));
            assertEquals(Double.NEGATIVE_INFINITY, density.logDensityAt(x, 0.77));
        }
        assertEquals(Double.NEGATIVE_INFINITY, density.logDensityAt(0.9, 0.7));
    }

    @Test
    void eraserRemovesAStrokeAndAnEmptyCanvasIsRefused() {
        Painting painting = new Painting();
        painting.draw(0.5, 0.5, 0.1, true, false);
        painting.draw(0.5, 0.5, 0.15, true, true);
        assertThrows(InvalidInputException.class, painting::density);
    }

    @Test
    void strokesMayLeaveTheCanvas() {
        Painting painting = new Painting();
        painting.draw(-3, 0.5, 0.1, true, false);
        painting.draw(4, 0.5, 0.1, false, false);
        assertTrue(Double.isFinite(painting.density().logDensityAt(0.01, 0.5)));
    }

    @Test
    void aDensityCopiedToTheCanvasStaysTheSame() {
        Density ring = NamedDensities.find("ring").orElseThrow();
        Painting painting = new Painting();
        assertFalse(painting.takeChanged());
        painting.copy(ring);
        assertTrue(painting.takeChanged());
        Density painted = painting.density();
        int wrong = 0;
        for (int i = 0; i < 1000; i++) {
            double x = (i * 0.618034) % 1;
            double y = (i * 0.754878) % 1;
            double expected = Math.exp(ring.logDensityAt(x, y));
            wrong += Math.abs(Math.exp(painted.logDensityAt(x, y)) - expected) > 0.2 + 0.1 * expected ? 1 : 0;
        }
        assertTrue(wrong < 20, wrong + " of 1,000 positions differ: only those at the edges of pixels may");
    }
}
