package iadb.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.UniformPoints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import org.junit.jupiter.api.Test;

/** The pictures show each point at its position in the colour of its start. */
class PointFramesTest {
    private static final int SIDE = PointFrames.DEFAULT_SIDE;

    @Test
    void aPointAtTheLowerRightShowsThere() {
        float[] points = {0.9f, 0.1f};
        double[] centre = colouredCentre(new PointFrames(SIDE, points).render(points, "t = 0 / 128"));
        // the square is 560 pixels of the 640, from 52 right of and 44 below the corner
        assertEquals(52 + 0.9 * 560, centre[0], 0.5);
        assertEquals(44 + 0.9 * 560, centre[1], 0.5);
    }

    @Test
    void aPointKeepsTheHueOfItsStart() {
        float[] start = {0.9f, 0.5f, 0.1f, 0.5f};
        float[] moved = {0.1f, 0.5f, 0.9f, 0.5f};
        PointFrames frames = new PointFrames(SIDE, start);
        BufferedImage before = frames.render(start, "");
        BufferedImage after = frames.render(moved, "");
        int right = 52 + (int) (0.9 * 560);
        int left = 52 + (int) (0.1f * 560);
        int middle = 44 + 280;
        assertNotEquals(before.getRGB(right, middle), before.getRGB(left, middle));
        assertEquals(before.getRGB(right, middle), after.getRGB(left, middle));
        assertEquals(0xFF000000 | Palette.hueColour(Palette.hueAt(0.9, 0.5)), before.getRGB(right, middle));
    }

    @Test
    void pointsFarOutsideAndNotANumberAreLeftOut() {
        float inf = Float.POSITIVE_INFINITY;
        float nan = Float.NaN;
        float[] points = {nan, 0.5f, 0.5f, nan, 1.03f, 0.5f, 0.5f, -0.03f, inf, 0.5f, 0.5f, -inf, 1e30f, -1e30f};
        PointFrames frames = new PointFrames(SIDE, points);
        assertArrayEquals(pixels(new PointFrames(SIDE, new float[0]).render(new float[0], "")),
                pixels(frames.render(points, "")));
    }

    @Test
    void cornersAndTheMarginAroundTheSquareAreDrawnAtEverySize() {
        float[] points = {-0.02f, -0.02f, 1.02f, 1.02f, 0, 1, 1, 0, 1.02f, -0.02f, -0.02f, 1.02f};
        for (int side : new int[] {160, 161, 257, 640, 1999}) {
            BufferedImage frame = new PointFrames(side, points).render(points, "t");
            assertEquals(side, frame.getWidth());
            double[] centre = colouredCentre(frame);
            assertEquals(52 / 640.0 + 0.4375, centre[0] / side, 0.02);
        }
    }

    @Test
    void framesAreIndexedByOnePaletteAndRepeatable() {
        float[] points = UniformPoints.of(5003, 2);
        PointFrames frames = new PointFrames(SIDE, points);
        BufferedImage first = frames.render(points, "a");
        assertEquals(BufferedImage.TYPE_BYTE_INDEXED, first.getType());
        assertEquals(first.getColorModel(), frames.render(points, "b").getColorModel());
        assertArrayEquals(pixels(first), pixels(frames.render(points, "a")));
    }

    @Test
    void refusesAnotherNumberOfPoints() {
        PointFrames frames = new PointFrames(SIDE, new float[4]);
        assertThrows(IllegalArgumentException.class, () -> frames.render(new float[6], ""));
        assertThrows(IllegalArgumentException.class, () -> new PointFrames(SIDE, new float[3]));
    }

    @Test
    void hueGoesAroundTheCentre() {
        assertEquals(0, Palette.hueAt(0.9, 0.5));
        assertEquals(Palette.HUES / 4, Palette.hueAt(0.5, 0.9));
        assertEquals(Palette.HUES / 2, Palette.hueAt(0.1, 0.5));
        assertEquals(Palette.HUES * 3 / 4, Palette.hueAt(0.5, 0.1));
        assertEquals(0, Palette.hueAt(Double.NaN, 0.5));
        assertEquals(Palette.PAPER, Palette.blend(Palette.PAPER, Palette.INK, 0));
        assertEquals(Palette.INK, Palette.blend(Palette.PAPER, Palette.INK, 1));
    }

    /** The mean position of the pixels that are coloured rather than grey. */
    private static double[] colouredCentre(BufferedImage picture) {
        double sumX = 0;
        double sumY = 0;
        int count = 0;
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                if (Chroma.of(picture.getRGB(x, y)) > 24) {
                    sumX += x + 0.5;
                    sumY += y + 0.5;
                    count++;
                }
            }
        }
        assertTrue(count > 0);
        return new double[] {sumX / count, sumY / count};
    }

    private static byte[] pixels(BufferedImage picture) {
        return ((DataBufferByte) picture.getRaster().getDataBuffer()).getData();
    }
}
