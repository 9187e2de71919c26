// Java's decoders refuse some valid data, take minutes for other data, decode some wrongly, and silently fill in missing data.
// Each format has a subclass that prevents this.
package iadb.density;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** The checks before and the corrections after a picture file is decoded; {@link #survey} is called first. */
abstract class PictureFile {
    /** The file's name in messages. */
    final String name;
    /** The file, for the survey. */
    final PictureStream in;
    /** The file without the parts that the survey omits, for the decoder. */
    final PictureStream needed;
    /** Whether Java's decoder does not support this kind of file, which explains why it failed. */
    boolean unsupported;

    PictureFile(String name, ImageInputStream file) {
        this.name = name;
        in = new PictureStream(file);
        needed = new PictureStream(file);
    }

    static PictureFile of(String format, String name, ImageInputStream file) {
        return switch (format) {
            case "PNG" -> new PngFile(name, file);
            case "JPEG" -> new JpegFile(name, file);
            case "GIF" -> new GifFile(name, file);
            default -> new BmpFile(name, file);
        };
    }

    /**
     * Reads the structure of the file before it is decoded, in a few kilobytes of memory.
     *
     * @throws IOException if the file cannot be read; a file that ends too early is accepted here
     * @throws InvalidInputException if the decoder would take minutes to find the picture's size
     */
    abstract void survey() throws IOException;

    /**
     * Refuses a picture that is damaged, would take minutes to decode, or would be decoded wrongly.
     *
     * @param reader knows the picture's size
     * @throws IOException if the file is damaged or cut short
     */
    abstract void requireReadable(ImageReader reader) throws IOException;

    /** Whether the decoder's warnings say that it filled in missing data. */
    boolean isIncomplete(List<String> warnings) { return false; }

    /** The decoded picture as a viewer shows it: upright, and at its place on the screen. */
    Picture arranged(Picture decoded) { return decoded; }

    /** Whether the file has more pictures, which are not read. */
    boolean hasMorePictures() { return false; }
}
