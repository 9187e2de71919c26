// Java's JPEG decoder refuses a picture for its colour profile and converts colours by it, draws every scan of a progressive
// picture over all of its pixels, and fills what is missing with grey: libjpeg tells only the first of its complaints, which
// may be a harmless one.
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

/** A JPEG, by its segments (ITU-T T.81, annex B). */
final class JpegFile extends PictureFile {
    /** Pixels times scans: more than of the largest picture with the ten scans that a progressive one usually has. */
    private static final long MOST_SCANNED_PIXELS = 1L << 30;

    private static final int START_OF_SCAN = 0xDA;
    private static final int END_OF_IMAGE = 0xD9;
    private static final int APP1 = 0xE1;
    private static final int APP2 = 0xE2;
    private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

    private Orientation orientation;
    private int scans;
    private int scannedComponents; // the sum over the scans
    private boolean ended; // by its marker
    private int frame; // its start marker; 0 if there is none
    private int precision;
    private int components;
    private boolean unknownColours;

    JpegFile(String name, ImageInputStream in) {
        super(name, in);
    }

    @Override
    ImageInputStream survey() throws IOException {
        Excerpt needed = new Excerpt(in);
        ByteCursor bytes = new ByteCursor(in);
        try {
            walk(bytes, needed);
        } catch (EOFException e) {
            ended = false;
        }
        return needed;
    }

    /** Omits colour profiles, and stray bytes between segments, which would be libjpeg's first complaint. */
    private void walk(ByteCursor bytes, Excerpt needed) throws IOException {
        boolean compressed = false; // data of a scan
        while (!ended) {
            long gap = bytes.position();
            int marker = nextMarker(bytes);
            long start = bytes.position() - 2;
            if (!compressed) {
                needed.omit(gap, start);
            }
            compressed = marker == START_OF_SCAN || compressed && isRestart(marker);
            ended = marker == END_OF_IMAGE && scans > 0; // without a scan it ends a stream of tables, and the picture follows
            if (marker <= 0x01 || marker >= 0xD0 && marker <= END_OF_IMAGE) {
                continue; // stands alone
            }
            int length = bytes.nextBigEndian();
            long end = start + 2 + Math.max(2, length);
            if (marker == APP2) {
                needed.omit(start, end);
            } else if (marker == APP1 && orientation == null) {
                byte[] data = bytes.next(Math.max(0, length - 2));
                if (Arrays.equals(data, 0, Math.min(data.length, EXIF.length), EXIF, 0, EXIF.length)) {
                    orientation = Orientation.ofExif(Arrays.copyOfRange(data, EXIF.length, data.length));
                }
            } else if (marker == START_OF_SCAN) {
                scans++;
                scannedComponents += bytes.next();
            } else if (isStartOfFrame(marker)) {
                frame = marker;
                precision = bytes.next();
                bytes.skip(4);
                components = bytes.next();
            }
            bytes.moveTo(Math.max(end, bytes.position()));
        }
    }

    /** Reads up to and including the next marker; in compressed data, a zero follows each 0xFF that is none. */
    private static int nextMarker(ByteCursor bytes) throws IOException {
        int before = bytes.next();
        int c = bytes.next();
        while (before != 0xFF || c == 0 || c == 0xFF) {
            before = c;
            c = bytes.next();
        }
        return c;
    }

    private static boolean isRestart(int marker) {
        return marker >= 0xD0 && marker <= 0xD7;
    }

    private static boolean isStartOfFrame(int marker) {
        boolean table = marker == 0xC4 || marker == 0xC8 || marker == 0xCC;
        return marker >= 0xC0 && marker <= 0xCF && !table || marker == 0xF7; // the last of JPEG-LS
    }

    @Override
    void requireReadable(ImageReader reader) throws IOException {
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        if ((long) width * height * scans > MOST_SCANNED_PIXELS) {
            throw new InvalidInputException(String.format(Locale.ROOT,
                    "%s is a JPEG of %,d x %,d pixels in %,d scans, too many: save it as a PNG", name, width, height, scans));
        }
        if (components == 4) { // older decoders know no type for it, newer ones four channels
            throw new InvalidInputException("%s is a JPEG in printing colours (CMYK): save it as RGB or grey".formatted(name));
        }
        unknownColours = !reader.getImageTypes(0).hasNext();
        if (unknownColours) {
            throw new IOException("the decoder does not know which colours these are");
        }
        boolean oneScanOfAll = scans == 1 && scannedComponents == components && frame != 0xC2;
        if (!ended && !oneScanOfAll) {
            throw new IOException("the file ends before the picture does");
        }
    }

    @Override
    boolean isForeignKind() {
        return frame != 0 && (unknownColours || frame > 0xC2 || precision != 8);
    }

    /**
     * Extraneous bytes before a marker are common in good photographs and harmless, but in a file without an end marker that
     * complaint may hide the one that matters. A missing end marker alone gives one warning, from Java's decoder itself.
     */
    @Override
    boolean isIncomplete(List<String> warnings) {
        return !ended && warnings.stream().distinct().count() > 1 || warnings.stream()
                .anyMatch(warning -> warning.startsWith("Corrupt JPEG data") && !warning.contains("extraneous bytes"));
    }

    @Override
    Picture arranged(Picture decoded) {
        return orientation == null ? decoded : orientation.upright(decoded);
    }
}
