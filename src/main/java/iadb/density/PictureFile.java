// What Java's decoders leave to their caller differs from format to format: what they must not see, what would take them
// minutes, what they read wrongly, and what they fill in without a word. There is one subclass for each format.
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

    /** The file, from position 0. */
    final ImageInputStream in;

    PictureFile(String name, ImageInputStream in) {
        this.name = name;
        this.in = in;
    }

    static PictureFile of(String format, String name, ImageInputStream in) {
        return switch (format) {
            case "PNG" -> new PngFile(name, in);
            case "JPEG" -> new JpegFile(name, in);
            case "GIF" -> new GifFile(name, in);
            default -> new BmpFile(name, in);
        };
    }

    /**
     * Walks over the file's parts before anything is decoded, in a few kilobytes whatever these parts claim.
     *
     * @return the stream for the decoder
     * @throws IOException if the file cannot be read; a file that ends too early is accepted here
     * @throws InvalidInputException if it would take the decoder minutes to get at the picture's size
     */
    abstract ImageInputStream survey() throws IOException;

    /**
     * Refuses, before its pixels are decoded, what is damaged, would take minutes, or is a kind that Java reads wrongly.
     *
     * @param reader knows the picture's size
     * @throws IOException if the file is damaged or cut short
     */
    abstract void requireReadable(ImageReader reader) throws IOException;

    /** Whether the file is of a kind that Java's decoder does not know, which explains why it failed. */
    abstract boolean isForeignKind();

    /** Whether, by its warnings, the decoder filled in data that the file lacks. */
    boolean isIncomplete(List<String> warnings) {
        return false;
    }

    /** The decoded picture as a viewer shows it: upright, and at its place. */
    Picture arranged(Picture decoded) {
        return decoded;
    }

    /** Whether more pictures follow, which are not read. */
    boolean hasMorePictures() {
        return false;
    }
}
