// Image files are untrusted: the size in the header is checked before decoding, and every failure of a decoder becomes one line
// that names the file. Streams are opened over the file or in memory, so that ImageIO's disk cache is not used and no global
// setting changed.
package iadb.density;

import iadb.fault.InvalidInputException;
import iadb.fault.InvalidInputException.Setting;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferUShort;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Reads densities from images: PNG, JPEG, BMP and GIF; 8 or 16 bits; grey, colour, alpha, palette. Writes them as PNG. */
public final class ImageFile {
    /** The longest accepted side of an image, in pixels. */
    public static final int MAX_SIDE = 32_768;

    /** The most accepted pixels of an image, 2^26: half a gigabyte in 16-bit colour with alpha. */
    public static final int MAX_PIXELS = 1 << 26;

    private static final double MOSTLY_BRIGHT = 0.65; // mean over brightest
    private static final String KINDS = "a PNG, JPEG, BMP or GIF";
    private static final Set<String> FORMATS = Set.of("PNG", "JPEG", "BMP", "GIF");

    private ImageFile() { }

    /**
     * Reads an image file: grey as stored (257 v for 8 bits), colour by luminance, alpha multiplied in, 16 bits kept. Colour
     * profiles and gamma are ignored; the Exif orientation is applied. A GIF's first picture is read, at its place on the screen;
     * the rest of the screen is empty.
     *
     * @param invert whether dark is dense: grey becomes 65535 - grey before alpha multiplies
     * @throws InvalidInputException if the file is missing, unreadable, not an image of these formats, damaged or cut short, all
     *     black or transparent, has more than {@value #MAX_PIXELS} pixels or a side above {@value #MAX_SIDE}; the message is one
     *     line that names the file
     */
    public static ImageDensity read(Path file, boolean invert) {
        if (!Files.exists(file)) {
            throw new InvalidInputException("no such file: %s; give %s, or the name of a density".formatted(file, KINDS),
                    Setting.NAMED_DENSITIES);
        }
        if (!Files.isRegularFile(file)) {
            String kind = Files.isDirectory(file) ? "a folder" : "not a regular file";
            throw new InvalidInputException("%s is %s: give %s".formatted(file, kind, KINDS));
        }
        if (!Files.isReadable(file)) {
            throw new InvalidInputException("%s cannot be read: check its permissions".formatted(file));
        }
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            Picture picture = decode(file.toString(), in, invert);
            return ImageDensity.read(file, picture.width(), picture.height(), picture.weights());
        } catch (IOException e) {
            throw new InvalidInputException("%s cannot be read: %s".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * The density of a PNG held in memory; the inverse of {@link #toPng}.
     *
     * @param name the density's name in messages and files
     * @throws InvalidInputException in the cases of {@link #read}; the message names the density instead of the file
     */
    public static ImageDensity fromPng(String name, byte[] png) {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(png))) {
            Picture picture = decode(name, in, false);
            return ImageDensity.of(name, picture.width(), picture.height(), picture.weights());
        } catch (IOException e) {
            throw new InvalidInputException("%s cannot be read: %s".formatted(name, e.getMessage()), e);
        }
    }

    /**
     * A hint, in one line, for a user who may have forgotten to invert a picture, such as a black drawing on white paper; empty
     * for named densities, if {@code inverted}, and for a uniform picture. The mean of 15 photographs was at most 0.61 of the
     * brightest pixel, that of a printed page in bad light 0.67.
     */
    public static Optional<String> invertHint(ImageDensity density, boolean inverted) {
        if (density.isNamed() || inverted || density.acceptance() < MOSTLY_BRIGHT || density.acceptance() == 1) {
            return Optional.empty();
        }
        return Optional.of("most of %s is bright, and bright is dense".formatted(density.name()));
    }

    /** The weights as a 16-bit greyscale PNG in full resolution, as model files store densities. */
    public static byte[] toPng(ImageDensity density) {
        short[] weights = density.weights();
        var model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_GRAY), false, false, Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        var raster = Raster.createInterleavedRaster(new DataBufferUShort(weights, weights.length),
                density.width(), density.height(), density.width(), 1, new int[] {0}, null);
        var bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageIO.write(new BufferedImage(model, raster, false, null), "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException("a PNG in memory could not be written", e);
        }
        return bytes.toByteArray();
    }

    private static Picture decode(String name, ImageInputStream in, boolean invert) throws IOException {
        ImageReader reader = readerOf(name, in);
        String format = reader.getFormatName().toUpperCase(Locale.ROOT);
        PictureFile file = PictureFile.of(format, name, in);
        try {
            file.survey();
            reader.setInput(file.needed, true, true);
            int width = reader.getWidth(0);
            int height = reader.getHeight(0);
            requireReadableSize(name, width, height);
            file.requireReadable(reader);
            List<String> warnings = new ArrayList<>();
            reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
            BufferedImage image = reader.read(0);
            if (image.getWidth() != width || image.getHeight() != height) {
                throw new IOException("the picture's size differs from that in its header");
            }
            if (file.isIncomplete(warnings)) {
                throw new IOException(String.join("; ", warnings));
            }
            Picture picture = Picture.of(image, invert);
            if (picture.isBlack()) {
                throw black(file, Picture.isTransparent(image));
            }
            return file.arranged(picture);
        } catch (InvalidInputException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            String fault = file.unsupported ? "%s is a kind of %s that cannot be decoded here: save it as a PNG"
                    : "%s: this %s is damaged or cut short";
            throw new InvalidInputException(String.format(Locale.ROOT, fault, name, format), e);
        } catch (OutOfMemoryError e) {
            throw new InvalidInputException(
                    "%s: this %s takes more memory than Java has".formatted(name, format), e);
        } finally {
            reader.dispose();
        }
    }

    private static InvalidInputException black(PictureFile file, boolean transparent) {
        String fault = transparent ? "fully transparent" : "all black";
        String message = file.hasMorePictures()
                ? "%s: its first picture is %s, and only the first is read: save another one as a PNG".formatted(file.name, fault)
                : "%s is %s: a density needs at least one %s pixel".formatted(
                        file.name, fault, transparent ? "visible" : "bright");
        return new InvalidInputException(message, transparent ? null : Setting.INVERT, null);
    }

    /** A decoder for one of the four formats, chosen by the file's first bytes and not by its name. */
    private static ImageReader readerOf(String name, ImageInputStream in) throws IOException {
        for (Iterator<ImageReader> readers = ImageIO.getImageReaders(in); readers.hasNext(); ) {
            ImageReader reader = readers.next();
            if (FORMATS.contains(reader.getFormatName().toUpperCase(Locale.ROOT))) {
                return reader;
            }
            reader.dispose();
        }
        throw new InvalidInputException("%s is not an image that can be read here: give %s".formatted(name, KINDS));
    }

    static void requireReadableSize(String name, int width, int height) {
        if (width > MAX_SIDE || height > MAX_SIDE || (long) width * height > MAX_PIXELS) {
            throw new InvalidInputException(String.format(Locale.ROOT,
                    "%s has %,d x %,d pixels: give an image of at most %,d pixels and at most %,d on a side",
                    name, width, height, MAX_PIXELS, MAX_SIDE));
        }
    }
}
