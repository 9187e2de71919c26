package iadb.plot;

import java.awt.Color;
import java.util.Arrays;

/**
 * The colours of every picture: dark paper, light ink, and a ring of hues of equal lightness, so that all directions from the
 * square's centre look equally strong. The hues are those of OKLCH (Ottosson, "A perceptual color space for image
 * processing", 2020) at one lightness, with the most chroma that sRGB allows, up to a limit. Colours blend in linear light.
 */
public final class Palette {
    /** The background of a picture, 0xRRGGBB. */
    public static final int PAPER = 0x0F1218;
    /** Lettering and axes, 0xRRGGBB. */
    public static final int INK = 0xE6E8EC;
    /** The number of hues on the ring. */
    public static final int HUES = 20;

    static final Color TITLE = ink(0.85);
    static final Color LABEL = ink(0.45);
    static final Color GRID = ink(0.025);

    private static final double LIGHTNESS = 0.77;
    private static final double CHROMA = 0.15;
    private static final double FIRST_TURNS = 0.02; // a warm rose, the hue of points to the right of the centre
    private static final int[] RING = new int[HUES];

    static {
        for (int hue = 0; hue < HUES; hue++) {
            double angle = 2 * Math.PI * (FIRST_TURNS + hue / (double) HUES);
            double chroma = CHROMA;
            double[] rgb = linearRgb(chroma, angle);
            while (!Arrays.stream(rgb).allMatch(channel -> channel >= 0 && channel <= 1)) {
                chroma -= 0.001;
                rgb = linearRgb(chroma, angle);
            }
            RING[hue] = toByte(rgb[0]) << 16 | toByte(rgb[1]) << 8 | toByte(rgb[2]);
        }
    }

    private Palette() { }

    /** The hue, 0 to HUES − 1, of a point of the unit square, by its angle around the centre; 0 for NaN. */
    public static int hueAt(double x, double y) {
        double turns = Math.atan2(y - 0.5, x - 0.5) / (2 * Math.PI);
        return Math.floorMod((int) Math.round(turns * HUES), HUES);
    }

    /** The colour of a hue, 0xRRGGBB. */
    public static int hueColour(int hue) { return RING[hue]; }

    /** Ink covering a share, 0 to 1, of paper. */
    static Color ink(double share) { return new Color(blend(PAPER, INK, share)); }

    /** The colour, 0xRRGGBB, of {@code ink} covering a share, 0 to 1, of {@code ground}. */
    public static int blend(int ground, int ink, double share) { return blend(ground, linear(ink), share); }

    /** The colour, 0xRRGGBB, of ink given as linear red, green and blue covering a share, 0 to 1, of {@code ground}. */
    static int blend(int ground, float[] ink, double share) {
        float[] from = linear(ground);
        int blended = 0;
        for (int c = 0; c < 3; c++) {
            blended |= toByte(from[c] + (ink[c] - from[c]) * share) << 16 - 8 * c;
        }
        return blended;
    }

    /** A colour's red, green and blue in linear light, 0 to 1. */
    static float[] linear(int colour) {
        float[] linear = new float[3];
        for (int c = 0; c < 3; c++) {
            double v = (colour >> 16 - 8 * c & 255) / 255.0;
            linear[c] = (float) (v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4));
        }
        return linear;
    }

    /** OKLCH at the ring's lightness to linear sRGB; the matrices are Ottosson's. */
    private static double[] linearRgb(double chroma, double angle) {
        double a = chroma * Math.cos(angle);
        double b = chroma * Math.sin(angle);
        double l = cube(LIGHTNESS + 0.3963377774 * a + 0.2158037573 * b);
        double m = cube(LIGHTNESS - 0.1055613458 * a - 0.0638541728 * b);
        double s = cube(LIGHTNESS - 0.0894841775 * a - 1.2914855480 * b);
        return new double[] {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
    }

    private static double cube(double v) { return v * v * v; }

    private static int toByte(double linear) {
        double v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.pow(linear, 1 / 2.4) - 0.055;
        return (int) Math.round(255 * v);
    }
}
