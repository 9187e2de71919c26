package iadb.file;

import iadb.plot.PointPicture;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;

/** Points as a picture of the unit square, 1,024 pixels at its longer side. */
final class PngPoints implements PointWriter {
    private static final int LONGER_SIDE = 1024;

    private final Path target;
    private final PointPicture picture;

    PngPoints(Path target, Layout layout) {
        this.target = target;
        picture = new PointPicture((int) Math.max(1, Math.round(LONGER_SIDE * Math.min(1, layout.aspect()))),
                (int) Math.max(1, Math.round(LONGER_SIDE * Math.min(1, 1 / layout.aspect()))), layout.count());
    }

    @Override
    public void add(float[] starts, float[] points, float[] logDensity) {
        picture.add(starts, points);
    }

    @Override
    public long leftOut() {
        return picture.leftOut();
    }

    @Override
    public void finish() throws IOException {
        BufferedImage image = picture.render();
        Png.write(target, image);
    }

    @Override
    public void close() {
        // the file is opened when the picture is whole
    }
}
