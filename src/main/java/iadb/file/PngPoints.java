package iadb.file;

import iadb.plot.PointPicture;
import java.io.IOException;

/** Points as a picture of the unit square, 1,024 pixels at its longer side. */
final class PngPoints extends PointWriter {
    private static final int LONGER_SIDE = 1024;

    private final PointPicture picture;

    PngPoints(AtomicFile file, Layout layout) {
        super(file);
        picture = new PointPicture(pixels(layout.aspect()), pixels(1 / layout.aspect()), layout.count());
    }

    private static int pixels(double ratio) {
        return (int) Math.max(1, Math.round(LONGER_SIDE * Math.min(1, ratio)));
    }

    @Override
    public void add(float[] starts, float[] points, float[] logDensity) {
        picture.add(starts, points);
    }

    @Override
    public long leftOut() { return picture.leftOut(); }

    @Override
    public void finish() throws IOException {
        Png.write(file.stream(), picture.render());
        super.finish();
    }
}
