package iadb.plot;

import java.awt.image.BufferedImage;
import java.util.Arrays;

/**
 * A picture of any number of points, added in pieces: few points appear as dots, many as a shade by their density. Each pixel
 * sums its coverage by discs and their colours; {@link #render} turns coverage c into the share 1 - exp(-k c) of ink, with k such
 * that well covered pixels are nearly full.
 */
public final class PointPicture {
    private static final double NEARLY_FULL = 2.3; // -log(1 - 0.9)
    private static final double WELL_COVERED = 0.95; // a quantile of the covered pixels

    private final int width;
    private final int height;
    private final Discs discs;
    private final float[] cover; // [height][width]
    private final float[] light; // [height][width][3], linear red, green and blue of the ink, times the cover
    private final float[][] hues = new float[Palette.HUES][]; // linear red, green and blue
    private long leftOut;

    /** @param points the number of points to be added: the more, the smaller their discs */
    public PointPicture(int width, int height, long points) {
        this.width = width;
        this.height = height;
        discs = new Discs(Discs.radius(points, Math.max(width, height)));
        cover = new float[width * height];
        light = new float[3 * width * height];
        Arrays.setAll(hues, hue -> Palette.linear(Palette.hueColour(hue)));
    }

    /**
     * Adds points, except NaN and those outside the picture.
     *
     * @param starts [n, 2]: the points' starts, which give their colours
     * @param points [n, 2], in the unit square, y upward
     */
    public void add(float[] starts, float[] points) {
        for (int n = 0; n < points.length; n += 2) {
            double x = points[n] * (double) width;
            double y = (1 - points[n + 1]) * (double) height;
            if (x >= 0 && x < width && y >= 0 && y < height) {
                stamp(x, y, hues[Palette.hueAt(starts[n], starts[n + 1])]);
            } else {
                leftOut++;
            }
        }
    }

    /** The number of points that were outside or NaN. */
    public long leftOut() { return leftOut; }

    private void stamp(double x, double y, float[] hue) {
        byte[] levels = discs.at(x, y);
        int side = 2 * discs.reach + 1;
        for (int i = 0; i < levels.length; i++) {
            int column = (int) x - discs.reach + i % side;
            int row = (int) y - discs.reach + i / side;
            if (levels[i] > 0 && column >= 0 && column < width && row >= 0 && row < height) {
                float share = levels[i] / (float) Discs.LEVELS;
                int p = row * width + column;
                cover[p] += share;
                for (int c = 0; c < 3; c++) {
                    light[3 * p + c] += share * hue[c];
                }
            }
        }
    }

    /** The picture of the points added so far. */
    public BufferedImage render() {
        double exposure = NEARLY_FULL / Math.max(1, wellCovered());
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < cover.length; p++) {
            double share = 1 - Math.exp(-exposure * cover[p]);
            float[] ink = new float[3];
            for (int c = 0; c < 3 && cover[p] > 0; c++) {
                ink[c] = light[3 * p + c] / cover[p];
            }
            picture.setRGB(p % width, p / width, Palette.blend(Palette.PAPER, ink, share));
        }
        return picture;
    }

    private double wellCovered() {
        float[] covered = new float[cover.length];
        int count = 0;
        for (float c : cover) {
            if (c > 0) {
                covered[count++] = c;
            }
        }
        Arrays.sort(covered, 0, count);
        return count == 0 ? 1 : covered[(int) (WELL_COVERED * (count - 1))];
    }
}
