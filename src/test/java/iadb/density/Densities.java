package iadb.density;

import java.util.Random;
import java.util.function.IntSupplier;

/** Densities made pixel by pixel. */
public final class Densities {
    private Densities() {
    }

    /** Makes a density from the lower 16 bits of a weight for each pixel, row by row from the top. */
    public static ImageDensity filled(String name, int width, int height, IntSupplier weights) {
        short[] pixels = new short[width * height];
        for (int p = 0; p < pixels.length; p++) {
            pixels[p] = (short) weights.getAsInt();
        }
        return ImageDensity.of(name, width, height, pixels);
    }

    /** A square of uniform noise, which does not compress; its side is also its seed. */
    public static ImageDensity noise(int side) {
        return filled("noise", side, side, new Random(side)::nextInt);
    }

    /** Black except for one pixel, counted row by row from the top left. */
    public static ImageDensity dot(int width, int height, int pixel, int weight) {
        int[] next = {0};
        return filled("dot", width, height, () -> next[0]++ == pixel ? weight : 0);
    }
}
