// JPEGs of Java's writer, with segments that other programs add.
package iadb.density;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.ImageWriteParam;

/** A JPEG under construction. */
final class RawJpeg {
    /** Of the JFIF segment that follows the start of the image: where further segments, or stray bytes, may be put. */
    static final int HEADER_BYTES = 20;

    static final int START_OF_FRAME = 0xC0;
    static final int START_OF_SCAN = 0xDA;

    private RawJpeg() {}

    /** Noise, so that every part of the file is needed. */
    static BufferedImage noise(int width, int height, int type) {
        Random random = new Random(3);
        var image = new BufferedImage(width, height, type);
        for (int p = 0; p < width * height; p++) {
            image.setRGB(p % width, p / width, random.nextInt(1 << 24));
        }
        return image;
    }

    static byte[] of(BufferedImage image, boolean progressive) throws IOException {
        return ImageBytes.of("jpeg", image,
                param -> param.setProgressiveMode(progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED));
    }

    /** A segment: its marker, its length and its data. */
    static byte[] segment(int marker, byte[]... data) {
        var out = new ByteArrayOutputStream();
        for (byte[] some : data) {
            out.writeBytes(some);
        }
        int length = out.size() + 2;
        return joined(new byte[] {(byte) 0xFF, (byte) marker, (byte) (length >> 8), (byte) length}, out.toByteArray());
    }

    /** With bytes in between. */
    static byte[] withInserted(byte[] jpeg, int at, byte[]... inserted) {
        var out = new ByteArrayOutputStream();
        out.write(jpeg, 0, at);
        for (byte[] some : inserted) {
            out.writeBytes(some);
        }
        out.write(jpeg, at, jpeg.length - at);
        return out.toByteArray();
    }

    static byte[] joined(byte[] first, byte[] second) {
        return withInserted(first, first.length, second);
    }

    /** The offset of the nth marker of a kind, n from 0; the data of these pictures contain none by chance. */
    static int find(byte[] jpeg, int marker, int n) {
        int left = n;
        for (int at = 0; at < jpeg.length - 1; at++) {
            if ((jpeg[at] & 0xFF) == 0xFF && (jpeg[at + 1] & 0xFF) == marker && left-- == 0) {
                return at;
            }
        }
        throw new IllegalArgumentException("no marker " + marker);
    }
}
