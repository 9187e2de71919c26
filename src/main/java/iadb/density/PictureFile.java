// Java's decoders need help, which differs by format: data to be hidden from them, data that would take them minutes, data that
// they read wrongly, and missing data that they fill in silently. Each format is a subclass.
package iadb.density;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** What is done before and after a picture file is decoded; {@link #survey} comes first. */
abstract class PictureFile {
    /** The file's name in messages. */
    final String name;
    /** The file, for the survey. */
    final PictureStream in;
    /** The file without what the survey omits, for the decoder. */
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
     * Walks over the file's parts before anything is decoded, in a few kilobytes of memory.
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

    /** Whether more pictures follow, which are not read. */
    boolean hasMorePictures() { return false; }
}
