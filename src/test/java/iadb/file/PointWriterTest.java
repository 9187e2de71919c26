package iadb.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import iadb.plot.Box;
import iadb.plot.Palette;
import iadb.plot.PointPicture;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Each format of points, read by means other than this program's readers. */
class PointWriterTest {
    private static final float[] POINTS = {0, 0, 1, 1, 0.25f, 0.75f, -0.5f, 0.5f};
    private static final float[] LOG = {-1.5f, Float.NEGATIVE_INFINITY, 0, Float.NaN};

    @TempDir
    Path folder;

    /** The points, written in two pieces. */
    private Path write(String name, double aspect, boolean logDensity) throws IOException {
        Path file = folder.resolve(name);
        Files.deleteIfExists(file);
        try (PointWriter writer = PointWriter.open(file, new PointWriter.Layout(4, logDensity, aspect, Box.UNIT))) {
            writer.add(Arrays.copyOf(POINTS, 6), Arrays.copyOf(POINTS, 6), logDensity ? Arrays.copyOf(LOG, 3) : null);
            writer.add(Arrays.copyOfRange(POINTS, 6, 8), Arrays.copyOfRange(POINTS, 6, 8),
                    logDensity ? Arrays.copyOfRange(LOG, 3, 4) : null);
            assertFalse(Files.exists(file), "not before it is whole");
            writer.finish();
        }
        return file;
    }

    @Test
    void npyHoldsRowsOfTwoOrThree() throws IOException {
        assertArrayEquals(POINTS, NpyReader.readArray(write("p.npy", 1, false)));
        assertTrue(Files.readString(folder.resolve("p.npy"), StandardCharsets.ISO_8859_1).contains("'shape': (4, 2)"));
        assertArrayEquals(new float[] {0, 0, -1.5f, 1, 1, Float.NEGATIVE_INFINITY, 0.25f, 0.75f, 0, -0.5f, 0.5f, Float.NaN},
                NpyReader.readArray(write("P.NPY", 1, true)));
        assertEquals(12, PointWriter.Form.NPY.bytesPerPoint(true, Box.UNIT));
        assertEquals(24, PointWriter.Form.NPY.bytesPerPoint(true, new Box(1e6, 0, 1)), "coordinates that need doubles");
    }

    @Test
    void csvHasAHeaderAndReadsBack() throws IOException {
        assertEquals(List.of("x,y", "0.0,0.0", "1.0,1.0", "0.25,0.75", "-0.5,0.5"), Files.readAllLines(write("p.csv", 1, false)));
        assertEquals(List.of("x,y,log_density", "0.0,0.0,-1.5", "1.0,1.0,-Infinity", "0.25,0.75,0.0", "-0.5,0.5,NaN"),
                Files.readAllLines(write("q.csv", 1, true)));
        try (PointReader reader = PointReader.open(folder.resolve("q.csv"))) {
            assertArrayEquals(IntStream.range(0, POINTS.length).mapToDouble(i -> POINTS[i]).toArray(), reader.read(10));
        }
    }

    @Test
    void csvHasTheSameBytesUnderAGermanLocale() throws IOException {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            Path file = folder.resolve("p.csv");
            try (PointWriter writer = PointWriter.open(file, new PointWriter.Layout(1, false, 1, Box.UNIT))) {
                writer.add(new float[2], new float[] {0.5f, 1.25e-5f}, null);
                writer.finish();
            }
            assertEquals("x,y\n0.5,1.25E-5\n", Files.readString(file));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void plyIsABinaryCloudWithZ() throws IOException {
        for (boolean logDensity : new boolean[] {false, true}) {
            byte[] bytes = Files.readAllBytes(write("p.ply", 1, logDensity));
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            int end = text.indexOf("end_header\n") + 11;
            assertEquals("ply\nformat binary_little_endian 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
                    + (logDensity ? "property float log_density\n" : "") + "end_header\n", text.substring(0, end));
            ByteBuffer data = ByteBuffer.wrap(bytes, end, bytes.length - end).order(ByteOrder.LITTLE_ENDIAN);
            for (int n = 0; n < 4; n++) {
                assertEquals(POINTS[2 * n], data.getFloat());
                assertEquals(POINTS[2 * n + 1], data.getFloat());
                assertEquals(0, data.getFloat());
                if (logDensity) {
                    assertEquals(LOG[n], data.getFloat());
                }
            }
            assertFalse(data.hasRemaining());
        }
    }

    @Test
    void svgIsADrawingOfDotsWithTheAspectKept() throws Exception {
        for (double aspect : new double[] {1, 2, 0.25}) {
            Element svg = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                    .parse(new ByteArrayInputStream(Files.readAllBytes(write("p.svg", aspect, false)))).getDocumentElement();
            double width = Double.parseDouble(svg.getAttribute("width"));
            double height = Double.parseDouble(svg.getAttribute("height"));
            assertEquals(aspect, width / height, 1e-9);
            assertEquals(1000, Math.max(width, height));
            assertEquals("0 0 " + svg.getAttribute("width") + " " + svg.getAttribute("height"), svg.getAttribute("viewBox"));
            NodeList dots = svg.getElementsByTagName("circle");
            assertEquals(4, dots.getLength());
            for (int n = 0; n < 4; n++) {
                Element dot = (Element) dots.item(n);
                assertEquals(POINTS[2 * n] * width, Double.parseDouble(dot.getAttribute("cx")), 5e-4);
                assertEquals((1 - POINTS[2 * n + 1]) * height, Double.parseDouble(dot.getAttribute("cy")), 5e-4);
                assertTrue(Double.parseDouble(dot.getAttribute("r")) > 1);
            }
        }
    }

    @Test
    void pngShowsPointsWhereTheyAreInTheColourOfTheirStart() throws IOException {
        Path file = folder.resolve("p.png");
        try (PointWriter writer = PointWriter.open(file, new PointWriter.Layout(2, false, 2, Box.UNIT))) {
            writer.add(new float[] {1, 0.5f, 0, 0.5f}, new float[] {0.25f, 0.75f, 0.75f, 0.25f}, null);
            writer.add(new float[] {0, 0, 0, 0}, new float[] {Float.NaN, 0, 7, 0}, null); // nowhere
            writer.finish();
        }
        BufferedImage picture = ImageIO.read(file.toFile());
        assertEquals(1024, picture.getWidth());
        assertEquals(512, picture.getHeight());
        assertEquals(Palette.PAPER, picture.getRGB(512, 256) & 0xFFFFFF);
        assertNear(Palette.hueColour(Palette.hueAt(1, 0.5)), picture.getRGB(256, 128));
        assertNear(Palette.hueColour(Palette.hueAt(0, 0.5)), picture.getRGB(768, 384));
    }

    /** At least nine tenths of the ink. */
    private static void assertNear(int ink, int rgb) {
        for (int shift = 0; shift < 24; shift += 8) {
            assertEquals(ink >> shift & 255, rgb >> shift & 255, 20);
        }
    }

    @Test
    void manyPointsShadeAPicture() {
        PointPicture picture = new PointPicture(64, 64, 1_000_000);
        float[] points = new float[2 * 100_000];
        for (int n = 0; n < 100_000; n++) {
            points[2 * n] = n % 10 == 0 ? n % 313 / 313f / 2 : 0.5f + n % 317 / 317f / 2; // a tenth of them in the left half
            points[2 * n + 1] = n % 331 / 331f;
        }
        picture.add(points, points);
        BufferedImage image = picture.render();
        double left = 0;
        double right = 0;
        for (int p = 0; p < 64 * 64; p++) {
            int green = image.getRGB(p % 64, p / 64) >> 8 & 255;
            left += p % 64 < 30 ? green : 0;
            right += p % 64 >= 34 ? green : 0;
        }
        assertTrue(left > 30 * 64 * 30 && right > 1.3 * left, left + " and " + right);
    }

    @Test
    void anUnknownEndingOrAPictureOfDensitiesIsRefused() {
        assertThrows(InvalidInputException.class, () -> write("p.txt", 1, false));
        assertThrows(InvalidInputException.class, () -> write("npy", 1, false));
        assertThrows(InvalidInputException.class, () -> write("p.svg", 1, true));
        assertThrows(InvalidInputException.class, () -> write("p.png", 1, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"p.npy", "p.csv", "p.svg", "p.ply", "p.png"})
    void whatIsNotFinishedLeavesNoFile(String name) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "earlier");
        try (PointWriter writer = PointWriter.open(file, new PointWriter.Layout(4, false, 1, Box.UNIT))) {
            writer.add(POINTS, POINTS, null);
        }
        assertEquals("earlier", Files.readString(file));
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void piecesOfAnArrayCanComeInAnyOrder() throws IOException {
        Path file = folder.resolve("t.npy");
        try (NpyWriter writer = NpyWriter.open(file, 2, 3, 2, Box.UNIT)) {
            writer.put(3, new float[] {7, 8, 9, 10, 11, 12}, null);
            writer.put(2, new float[] {5, 6}, null);
            writer.put(0, new float[] {1, 2, 3, 4}, null);
            writer.finish();
        }
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, NpyReader.readArray(file));
        try (NpyWriter writer = NpyWriter.open(file, 1, 2, 3, Box.UNIT)) {
            writer.put(1, new float[] {4, 5}, new float[] {6});
            writer.put(0, new float[] {1, 2}, new float[] {3});
            writer.finish();
        }
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, NpyReader.readArray(file));
    }
}
