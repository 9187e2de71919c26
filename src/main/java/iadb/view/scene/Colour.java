package iadb.view.scene;

import iadb.plot.Palette;

/** The palette's colours as shaders and buffers take them. */
final class Colour {
    private Colour() {
    }

    /**
     * Four floats, premultiplied by {@code opacity}.
     *
     * @param rgb 0xRRGGBB
     */
    static float[] premultiplied(int rgb, float opacity) {
        return new float[] {red(rgb) * opacity, green(rgb) * opacity, blue(rgb) * opacity, opacity};
    }

    static float red(int rgb) {
        return (rgb >> 16 & 255) / 255f;
    }

    static float green(int rgb) {
        return (rgb >> 8 & 255) / 255f;
    }

    static float blue(int rgb) {
        return (rgb & 255) / 255f;
    }

    /**
     * The colour of each start, three bytes each: the palette's ring of hues around the centre, without steps.
     *
     * @param starts [N, 2]
     */
    static byte[] ofStarts(float[] starts) {
        byte[] colours = new byte[starts.length / 2 * 3];
        for (int i = 0; i < starts.length / 2; i++) {
            double turns = Math.atan2(starts[2 * i + 1] - 0.5, starts[2 * i] - 0.5) / (2 * Math.PI);
            double place = (turns - Math.floor(turns)) * Palette.HUES;
            int hue = (int) place % Palette.HUES;
            int near = Palette.hueColour(hue);
            int next = Palette.hueColour((hue + 1) % Palette.HUES);
            double share = place - Math.floor(place);
            for (int channel = 0; channel < 3; channel++) {
                int shift = 16 - 8 * channel;
                double mixed = (near >> shift & 255) * (1 - share) + (next >> shift & 255) * share;
                colours[3 * i + channel] = (byte) Math.round(mixed);
            }
        }
        return colours;
    }
}
