// Java's JPEG decoder refuses a picture for its colour profile or converts colours by it, decodes every scan of a progressive
// picture over all pixels, and fills missing data with grey. It reports only the first of libjpeg's warnings, which may be
// harmless.
package iadb.density;

import iadb.fault.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Reads a JPEG's segments (ITU-T T.81, annex B). */
final class JpegFile extends PictureFile {
    /** Pixels times scans; the largest picture has fewer in a progressive file with the usual ten scans. */
    private static final long MAX_SCANNED_PIXELS = 1L << 30;

    private static final int START_OF_SCAN = 0xDA;
    private static final int END_OF_IMAGE = 0xD9;
    private static final int APP1 = 0xE1;
    private static final int APP2 = 0xE2;
    private static final int PROGRESSIVE = 0xC2; // start of frame
    private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

    private int orientation; // 0 before Exif data are found
    private int scans;
    private int scannedComponents; // summed over the scans
    private boolean ended; // the end marker was found
    private int frame; // its start marker, or 0
    private int components;

    JpegFile(String name, ImageInputStream file) { super(name, file); }

    @Override
    void survey() throws IOException {
        try {
            walk();
        } catch (EOFException e) {
            ended = false;
        }
    }

    /** Omits colour profiles, and stray bytes between segments, which would cause libjpeg's first warning. */
    private void walk() throws IOException {
        boolean inScanData = false;
        while (!ended) {
            long gap = in.getStreamPosition();
            int marker = nextMarker();
            long start = in.getStreamPosition() - 2;
            if (!inScanData) {
                needed.omit(gap, start);
            }
            boolean restart = marker >= 0xD0 && marker <= 0xD7;
            inScanData = marker == START_OF_SCAN || inScanData && restart;
            ended = marker == END_OF_IMAGE && scans > 0; // before a scan it ends a stream of tables, which the picture follows
            if (marker <= 0x01 || marker >= 0xD0 && marker <= END_OF_IMAGE) {
                continue; // no length and no data follow
            }
            int length = in.readUnsignedShort();
            long end = start + 2 + Math.max(2, length);
            if (marker == APP2) {
                needed.omit(start, end);
            } else if (marker == APP1 && orientation == 0) {
                byte[] data = new byte[Math.max(0, length - 2)];
                in.readFully(data);
                if (Arrays.equals(data, 0, Math.min(data.length, EXIF.length), EXIF, 0, EXIF.length)) {
                    orientation = Picture.orientation(Arrays.copyOfRange(data, EXIF.length, data.length));
                }
            } else if (marker == START_OF_SCAN) {
                scans++;
                scannedComponents += in.readUnsignedByte();
            } else if (isStartOfFrame(marker)) {
                frame = marker;
                int precision = in.readUnsignedByte();
                in.skipBytes(4);
                components = in.readUnsignedByte();
                unsupported = frame > PROGRESSIVE || precision != 8;
            }
            in.seek(Math.max(end, in.getStreamPosition()));
        }
    }

    /** Reads up to and including the next marker; in scan data, 0xFF followed by 0 is not a marker. */
    private int nextMarker() throws IOException {
        int before = in.readUnsignedByte();
        int c = in.readUnsignedByte();
        while (before != 0xFF || c == 0 || c == 0xFF) {
            before = c;
            c = in.readUnsignedByte();
        }
        return c;
    }

    private static boolean isStartOfFrame(int marker) {
        boolean table = marker == 0xC4 || marker == 0xC8 || marker == 0xCC;
        return marker >= 0xC0 && marker <= 0xCF && !table || marker == 0xF7; // the last is JPEG-LS
    }

    @Override
    void requireReadable(ImageReader reader) throws IOException {
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        if ((long) width * height * scans > MAX_SCANNED_PIXELS) {
            throw new InvalidInputException(String.format(Locale.ROOT,
                    "%s is a JPEG of %,d x %,d pixels in %,d scans, too many: save it as a PNG", name, width, height, scans));
        }
        if (components == 4) { // older decoders have no image type for it, newer ones give four channels
            throw new InvalidInputException("%s is a JPEG in printing colours (CMYK): save it as RGB or grey".formatted(name));
        }
        if (!reader.getImageTypes(0).hasNext()) {
            unsupported = frame != 0;
            throw new IOException("the decoder does not know these colours");
        }
        boolean oneScanOfAll = scans == 1 && scannedComponents == components && frame != PROGRESSIVE;
        if (!ended && !oneScanOfAll) {
            throw new IOException("the file ends before the picture does");
        }
    }

    /**
     * Intact photographs often have extraneous bytes before a marker. In a file without an end marker that warning may hide a
     * more important one. A missing end marker alone causes one warning, from Java's decoder itself.
     */
    @Override
    boolean isIncomplete(List<String> warnings) {
        return !ended && warnings.stream().distinct().count() > 1 || warnings.stream()
                .anyMatch(warning -> warning.startsWith("Corrupt JPEG data") && !warning.contains("extraneous bytes"));
    }

    @Override
    Picture arranged(Picture decoded) { return orientation == 0 ? decoded : decoded.upright(orientation); }
}
