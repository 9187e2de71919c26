package iadb.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.ChildRun;
import iadb.Prerequisite;
import iadb.plot.Chroma;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A video that ffmpeg has decoded.
 *
 * @param rate of the stream, in frames a second, such as 30/1
 * @param rgb  [frame][height][width][3]
 */
public record Video(String codec, int width, int height, String rate, double seconds, byte[] rgb) {
    /** Skips the test where there is no ffmpeg, or fails where {@code CI=true}. */
    public static void require() throws InterruptedException {
        boolean present;
        try {
            present = new ProcessBuilder("ffmpeg", "-version").redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException e) {
            present = false;
        }
        Prerequisite.require(present, "no ffmpeg");
    }

    public static Video read(Path file) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("iadb-video");
        String url = "file:" + file;
        ChildRun facts = ChildRun.of(new ProcessBuilder("ffprobe", "-v", "error", "-show_entries",
                "stream=codec_name,width,height,r_frame_rate:format=duration", "-of", "default=noprint_wrappers=1", url), folder,
                ChildRun.LIMIT).well();
        List<String> decode = new ArrayList<>(List.of("ffmpeg", "-v", "error", "-i", url, "-f", "rawvideo", "-pix_fmt", "rgb24",
                folder.resolve("rgb").toString()));
        assertEquals("", ChildRun.of(new ProcessBuilder(decode), folder, ChildRun.LIMIT).well().err());
        Video video = new Video(facts.fact("codec_name"), Integer.parseInt(facts.fact("width")), Integer.parseInt(facts.fact("height")),
                facts.fact("r_frame_rate"), Double.parseDouble(facts.fact("duration")), Files.readAllBytes(folder.resolve("rgb")));
        for (String name : List.of("rgb", "stdout", "stderr")) {
            Files.delete(folder.resolve(name));
        }
        Files.delete(folder);
        return video;
    }

    public int frames() {
        assertEquals(0, rgb.length % (3 * width * height));
        return rgb.length / (3 * width * height);
    }

    private int channel(int frame, int x, int y, int channel) {
        return Byte.toUnsignedInt(rgb[3 * ((frame * height + y) * width + x) + channel]);
    }

    /** The colourfulness of a pixel, see {@link Chroma}. */
    public int chroma(int frame, int x, int y) {
        return Chroma.of(channel(frame, x, y, 0) << 16 | channel(frame, x, y, 1) << 8 | channel(frame, x, y, 2));
    }

    /** The mean red, green and blue, 0 to 255, of a square. */
    double[] mean(int frame, int left, int top, int side) {
        double[] mean = new double[3];
        for (int i = 0; i < 3 * side * side; i++) {
            mean[i % 3] += channel(frame, left + i / 3 % side, top + i / 3 / side, i % 3) / (double) (side * side);
        }
        return mean;
    }
}
