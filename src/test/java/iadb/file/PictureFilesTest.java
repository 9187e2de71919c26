package iadb.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.FileNames;
import iadb.fault.InvalidInputException;
import iadb.plot.Chart;
import iadb.plot.PointFrames;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PNG and GIF files, read by ImageIO, have exactly the pixels that were written. */
class PictureFilesTest {
    @TempDir
    Path folder;

    @Test
    void pngHoldsThePixels() throws IOException {
        BufferedImage frame = frames(1).get(0);
        Path file = folder.resolve("a.png");
        Png.write(file, frame);
        assertSamePixels(frame, ImageIO.read(file.toFile()));
    }

    @Test
    void pngHoldsPicturesOfEverySizeAndPalette() throws IOException {
        Path file = folder.resolve("a.png");
        for (int width : new int[] {1, 7, 641}) {
            BufferedImage bytes = new BufferedImage(width, 5, BufferedImage.TYPE_BYTE_INDEXED);
            BufferedImage bits = new BufferedImage(width, 5, BufferedImage.TYPE_BYTE_BINARY);
            BufferedImage rgb = new BufferedImage(width, 5, BufferedImage.TYPE_INT_RGB);
            rgb.setRGB(0, 0, 0xFF123456);
            for (BufferedImage picture : List.of(bytes, bits, rgb)) {
                picture.setRGB(width - 1, 4, 0xFFFFFFFF);
                Png.write(file, picture);
                assertSamePixels(picture, ImageIO.read(file.toFile()));
            }
        }
    }

    @Test
    void pngKeepsColourPictures() throws IOException {
        BufferedImage plot = Chart.curve(new double[] {1, 2}, new double[] {3, 4}, "iteration", "loss");
        Path file = folder.resolve("a.png");
        Png.write(file, plot);
        assertSamePixels(plot, ImageIO.read(file.toFile()));
    }

    @Test
    void gifHoldsEachFrameAndLoops() throws IOException {
        List<BufferedImage> frames = frames(5);
        Path file = folder.resolve("a.gif");
        writeGif(file, frames, 4, 150);
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
            reader.setInput(in);
            assertEquals(5, reader.getNumImages(true));
            for (int i = 0; i < 5; i++) {
                assertSamePixels(frames.get(i), reader.read(i));
                IIOMetadataNode root =
                        (IIOMetadataNode) reader.getImageMetadata(i).getAsTree("javax_imageio_gif_image_1.0");
                IIOMetadataNode control =
                        (IIOMetadataNode) root.getElementsByTagName("GraphicControlExtension").item(0);
                assertEquals(i < 4 ? "4" : "150", control.getAttribute("delayTime"));
            }
        } finally {
            reader.dispose();
        }
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertEquals("GIF89a", bytes.substring(0, 6));
        int loop = bytes.indexOf("NETSCAPE2.0");
        assertEquals("\u0003\u0001\0\0\0", bytes.substring(loop + 11, loop + 16));
        assertEquals(-1, bytes.indexOf("NETSCAPE2.0", loop + 1));
    }

    @Test
    void gifThatIsNotFinishedLeavesNoFile() throws IOException {
        Path file = folder.resolve("a.gif");
        try (GifWriter writer = new GifWriter(file, 4)) {
            for (BufferedImage frame : frames(3)) {
                writer.add(frame, 4);
            }
        }
        assertFalse(Files.exists(file));
        assertArrayEquals(new String[0], folder.toFile().list());
    }

    @Test
    void gifRefusesWhatItCannotHold() {
        Path file = folder.resolve("a.gif");
        BufferedImage colour = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        BufferedImage wide = new BufferedImage(641, 8, BufferedImage.TYPE_BYTE_INDEXED);
        BufferedImage small = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_INDEXED);
        BufferedImage other = new BufferedImage(9, 8, BufferedImage.TYPE_BYTE_INDEXED);
        for (List<BufferedImage> frames : List.of(List.of(colour), List.of(wide), List.of(small, other),
                List.<BufferedImage>of())) {
            assertThrows(IllegalArgumentException.class, () -> writeGif(file, frames, 4, 4));
        }
        assertFalse(Files.exists(file));
    }

    @Test
    void aFolderHoldsAPictureForEachTickOfOneAnimation() throws IOException {
        List<BufferedImage> frames = frames(3);
        Path pictures = folder.resolve("made/frames");
        try (PngFrames writer = new PngFrames(pictures, 30)) {
            writer.add(frames.get(0), 0);
            writer.add(frames.get(1), 1);
            writer.add(frames.get(2), 2);
            writer.finish();
        }
        List<String> names = List.of("frame_000000.png", "frame_000001.png", "frame_000002.png", "frame_000003.png");
        assertEquals(names, FileNames.in(pictures));
        int[] shown = {0, 1, 1, 2};
        for (int k = 0; k < names.size(); k++) {
            assertSamePixels(frames.get(shown[k]), ImageIO.read(pictures.resolve(names.get(k)).toFile()));
        }
        String message = assertThrows(InvalidInputException.class, () -> new PngFrames(pictures, 30)).getMessage();
        assertTrue(message.contains(pictures + " holds the frames of another recording, such as frame_00000"), message);
        assertEquals(names, FileNames.in(pictures));
    }

    private static void writeGif(Path file, List<BufferedImage> frames, int delay, int lastDelay) throws IOException {
        try (GifWriter writer = new GifWriter(file, lastDelay)) {
            for (BufferedImage frame : frames) {
                writer.add(frame, delay);
            }
            writer.finish();
        }
    }

    private static List<BufferedImage> frames(int count) {
        float[] start = {0.2f, 0.3f, 0.8f, 0.6f, 0.5f, 0.9f};
        PointFrames pictures = new PointFrames(200, start);
        List<BufferedImage> frames = new ArrayList<>();
        for (int t = 0; t < count; t++) {
            float[] points = start.clone();
            points[0] += 0.1f * t;
            frames.add(pictures.render(points, "t = " + t));
        }
        return frames;
    }

    private static void assertSamePixels(BufferedImage expected, BufferedImage actual) {
        int w = expected.getWidth();
        int h = expected.getHeight();
        assertEquals(w, actual.getWidth());
        assertEquals(h, actual.getHeight());
        assertArrayEquals(expected.getRGB(0, 0, w, h, null, 0, w), actual.getRGB(0, 0, w, h, null, 0, w));
    }
}
