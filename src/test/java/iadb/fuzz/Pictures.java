package iadb.fuzz;

import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.density.RawPng;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.zip.InflaterInputStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/** Image files for a fuzzer. */
final class Pictures {
    /** Some density. */
    static final ImageDensity DOT = ImageDensity.of("dot", 1, 1, new short[] {1});

    private static final int SIGNATURE_BYTES = 8;
    private static final int IDAT = 0x49444154;
    private static final long MOST_PIXELS = 1 << 18;

    private Pictures() {
    }

    /**
     * Whether a picture is so large that decoding it takes long, as it should: a fuzzer learns no more from it than from a small
     * one. A picture that is too large to be decoded at all is not slow.
     */
    static boolean isSlow(Path file) {
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                return false;
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
                return pixels > MOST_PIXELS && pixels <= ImageFile.MAX_PIXELS;
            } finally {
                reader.dispose();
            }
        } catch (Exception e) {
            return false; // the fuzzed reader reports it
        }
    }

    /** A PNG of the input's chunks, with types and data as they are and lengths, compression and checksums made right. */
    static byte[] repairedPng(byte[] input) {
        if (input.length < SIGNATURE_BYTES) {
            return input;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(input.length + 64);
        out.write(input, 0, SIGNATURE_BYTES);
        ByteBuffer in = ByteBuffer.wrap(input, SIGNATURE_BYTES, input.length - SIGNATURE_BYTES);
        while (in.remaining() >= 2 * Integer.BYTES) {
            int length = Math.min(in.getInt() & 0xFFFF, in.remaining() - Integer.BYTES);
            int type = in.getInt();
            byte[] data = new byte[length];
            in.get(data);
            in.position(Math.min(in.limit(), in.position() + Integer.BYTES)); // skips the checksum
            RawPng.append(out, type, type == IDAT ? RawPng.packed(data) : data);
        }
        return out.toByteArray();
    }

    /** The input from which {@link #repairedPng} makes this PNG. */
    static byte[] unpackedPng(byte[] png) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(png, 0, SIGNATURE_BYTES);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        ByteBuffer in = ByteBuffer.wrap(png, SIGNATURE_BYTES, png.length - SIGNATURE_BYTES);
        while (in.hasRemaining()) {
            byte[] data = new byte[in.getInt()];
            int type = in.getInt();
            in.get(data).getInt();
            if (type == IDAT) {
                packed.writeBytes(data);
                continue;
            }
            if (packed.size() > 0) {
                RawPng.append(out, IDAT, unpacked(packed.toByteArray()));
                packed.reset();
            }
            RawPng.append(out, type, data);
        }
        return out.toByteArray();
    }

    private static byte[] unpacked(byte[] packed) {
        try (InflaterInputStream rows = new InflaterInputStream(new ByteArrayInputStream(packed))) {
            return rows.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
