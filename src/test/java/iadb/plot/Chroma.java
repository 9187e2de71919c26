package iadb.plot;

/** The distance of a colour from grey. */
public final class Chroma {
    private Chroma() {
    }

    /** The difference of the strongest and the weakest of red, green and blue, from 0 (grey) to 255. */
    public static int of(int rgb) {
        int red = rgb >> 16 & 255;
        int green = rgb >> 8 & 255;
        int blue = rgb & 255;
        return Math.max(red, Math.max(green, blue)) - Math.min(red, Math.min(green, blue));
    }
}
