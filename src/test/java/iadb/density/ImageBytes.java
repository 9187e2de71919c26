package iadb.density;

import java.awt.image.RenderedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.Consumer;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;

/** Image files of Java's own writers. */
public final class ImageBytes {
    private ImageBytes() {
    }

    /** @param settings changes the writer's default settings */
    public static byte[] of(String format, RenderedImage image, Consumer<ImageWriteParam> settings) throws IOException {
        return of(format, new IIOImage(image, null, null), settings);
    }

    static byte[] of(String format, IIOImage image, Consumer<ImageWriteParam> settings) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        ImageWriteParam param = writer.getDefaultWriteParam();
        settings.accept(param);
        try (var stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, image, param);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }
}
