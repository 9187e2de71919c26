package iadb.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.FileNames;
import iadb.plot.Palette;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Videos, decoded by ffmpeg. */
class VideoWriterTest {
    private static final int WIDTH = 161; // odd
    private static final int HEIGHT = 99;
    private static final int PATCH = 32;
    private static final int[] COLOURS = {0x000000, 0xFFFFFF, 0xFF0000, 0x00FF00, 0x0000FF, 0x808080, Palette.hueColour(3), Palette.PAPER};
    /**
     * Half a step of luma and chroma are 0.6 of 255 levels each, and blue gains 1.86 times the error of its chroma: 1.7. The
     * encoders' own error in a patch's mean is of the same size.
     */
    private static final double TOLERANCE = 4;

    @TempDir
    private Path folder;

    @BeforeEach
    void requireFfmpeg() throws Exception { Video.require(); }

    /** Patches of all colours; that at the lower left changes with the number. */
    private static BufferedImage frame(int number) {
        BufferedImage frame = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = frame.createGraphics();
        graphics.setColor(new Color(Palette.INK));
        graphics.fillRect(0, 0, WIDTH, HEIGHT);
        for (int i = 0; i < COLOURS.length; i++) {
            graphics.setColor(new Color(COLOURS[i]));
            graphics.fillRect(i % 4 * PATCH, i / 4 * PATCH, PATCH, PATCH);
        }
        graphics.setColor(new Color(COLOURS[number % COLOURS.length]));
        graphics.fillRect(0, 2 * PATCH, PATCH, PATCH);
        graphics.dispose();
        return frame;
    }

    private static void assertColour(int expected, Video video, int k, int x, int y) {
        double[] mean = video.mean(k, x + PATCH / 4, y + PATCH / 4, PATCH / 2);
        for (int channel = 0; channel < 3; channel++) {
            assertEquals(expected >> 16 - 8 * channel & 255, mean[channel], TOLERANCE,
                    "channel %d of %06x, frame %d at (%d, %d)".formatted(channel, expected, k, x, y));
        }
    }

    private VideoWriter writer(String ffmpeg, String name) throws IOException {
        return new VideoWriter(ffmpeg, 20_000, folder.resolve(name), 30, 3);
    }

    private static void add(VideoWriter writer, int from, int count) throws IOException {
        for (int i = from; i < from + count; i++) {
            writer.add(frame(i), 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-a %d.mp4", "b.WEBM"})
    void eachFrameIsShownAsLongAsItShouldInItsColours(String name) throws Exception {
        try (VideoWriter writer = writer("ffmpeg", name)) {
            for (int i = 0; i < 8; i++) {
                writer.add(frame(i), 1 + i % 3); // frame i - 1 is shown for that many ticks
            }
            writer.finish();
        }
        assertEquals(List.of(name), FileNames.in(folder));
        Video video = Video.read(folder.resolve(name));
        assertEquals("30/1", video.rate());
        assertEquals(List.of(WIDTH + 1, HEIGHT + 1), List.of(video.width(), video.height()));
        int k = 0;
        for (int i = 0; i < 8; i++) {
            for (int tick = 0; tick < (i == 7 ? 3 : 1 + (i + 1) % 3); tick++) {
                assertColour(COLOURS[i], video, k, 0, 2 * PATCH);
                for (int patch = 0; patch < COLOURS.length; patch++) {
                    assertColour(COLOURS[patch], video, k, patch % 4 * PATCH, patch / 4 * PATCH);
                }
                k++;
            }
        }
        assertEquals(k, video.frames());
    }

    /** A program that acts as ffmpeg, except that encoding runs the given commands; {@code real} is ffmpeg. */
    private String program(String commands) throws IOException {
        Path script = folder.resolve("program");
        Files.writeString(script, "#!/bin/sh\nreal() { exec ffmpeg \"$@\"; }\n" + commands + "\nreal \"$@\"\n");
        assertTrue(script.toFile().setExecutable(true));
        return script.toString();
    }

    @Test
    void anFfmpegWithoutX264TakesAnotherEncoder() throws Exception {
        String poor = program("case \"$*\" in *libx264*|*openh264*|*h264_*) echo no such encoder >&2; exit 1;; esac");
        try (VideoWriter writer = writer(poor, "a.mp4")) {
            add(writer, 0, 5);
            writer.finish();
        }
        Video video = Video.read(folder.resolve("a.mp4"));
        assertEquals("mpeg4", video.codec());
        assertEquals(7, video.frames());
        assertColour(COLOURS[2], video, 3, 2 * PATCH, 0);
    }

    @Test
    void withoutFfmpegOrAnEncoderTheMessageSaysHowToGetIt() throws Exception {
        for (String lacking : List.of(folder.resolve("none").toString(), program("exit 1"))) {
            IOException e = assertThrows(VideoWriter.NoEncoderException.class, () -> writer(lacking, "a.webm").close());
            assertTrue(e.getMessage().contains("apt install ffmpeg") && e.getMessage().contains("winget"), e.getMessage());
        }
        assertEquals(List.of("program"), FileNames.in(folder));
    }

    @Test
    void theReasonWhyNoEncoderWorksIsReported() throws Exception {
        String broken = program("echo 'a library is missing' >&2; exit 1");
        IOException e = assertThrows(VideoWriter.NoEncoderException.class, () -> writer(broken, "a.webm").close());
        assertTrue(e.getMessage().startsWith("this ffmpeg cannot encode webm: a library is missing (Debian"), e.getMessage());
        String hanging = program("sleep 600"); // does not read, and its child keeps the pipes open
        IOException late = assertThrows(VideoWriter.NoEncoderException.class,
                () -> new VideoWriter(hanging, 200, folder.resolve("a.webm"), 30, 3).close());
        assertTrue(late.getMessage().contains("it did not end within 200 ms"), late.getMessage());
    }

    @Test
    void theReasonOfAnFfmpegThatFailsIsReported() throws Exception {
        Files.writeString(folder.resolve("a.mp4"), "old");
        String failing = program("case \"$*\" in *nut*) echo 'it is full' >&2; echo 'Conversion failed!' >&2; exit 1;; esac");
        try (VideoWriter writer = writer(failing, "a.mp4")) {
            FileSystemException e = assertThrows(FileSystemException.class, () -> {
                add(writer, 0, 20);
                writer.finish();
            });
            assertEquals("ffmpeg: it is full", e.getReason());
            assertEquals(folder.resolve("a.mp4").toString(), e.getFile());
        }
        assertEquals("old", Files.readString(folder.resolve("a.mp4")));
        assertEquals(List.of("a.mp4", "program"), FileNames.in(folder));
    }

    @Test
    void aKilledFfmpegLeavesAVideoOfTheFramesSoFar() throws Exception {
        try (VideoWriter writer = writer("ffmpeg", "a.mp4")) {
            add(writer, 0, 120);
            writer.process().destroyForcibly().waitFor();
            FileSystemException e = assertThrows(FileSystemException.class, () -> add(writer, 120, 1));
            assertEquals("ffmpeg: ended early with exit code 137; the video ends there", e.getReason());
            byte[] video = Files.readAllBytes(folder.resolve("a.mp4"));
            assertSame(e, assertThrows(FileSystemException.class, () -> add(writer, 121, 1)));
            assertSame(e, assertThrows(FileSystemException.class, writer::finish));
            assertArrayEquals(video, Files.readAllBytes(folder.resolve("a.mp4")), "a failure happens once");
        }
        int frames = Video.read(folder.resolve("a.mp4")).frames();
        assertTrue(frames > 0 && frames <= 120, frames + " frames");
        assertEquals(List.of("a.mp4"), FileNames.in(folder));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsEncodedIsKeptIfItCannotBeCopied(boolean killed) throws Exception {
        String full = program("case \"$*\" in *'-c copy'*) echo 'it is full' >&2; exit 1;; esac");
        try (VideoWriter writer = writer(full, "a.mp4")) {
            add(writer, 0, 120);
            if (killed) {
                writer.process().destroyForcibly().waitFor();
            }
            FileSystemException e = assertThrows(FileSystemException.class, writer::finish);
            assertEquals("ffmpeg: %s; the frames so far are kept: once there is space, ffmpeg -i \"%s\" -c copy \"%s\" makes them a video".formatted(
                    killed ? "ended early with exit code 137" : "it is full", folder.resolve("a.mp4.nut"), folder.resolve("a.mp4")),
                    e.getReason());
        }
        assertEquals(List.of("a.mp4.nut", "program"), FileNames.in(folder));
        assertEquals(0, new ProcessBuilder("ffmpeg", "-v", "error", "-i", folder.resolve("a.mp4.nut").toString(), "-c", "copy",
                folder.resolve("a.mp4").toString()).start().waitFor());
        int frames = Video.read(folder.resolve("a.mp4")).frames();
        assertTrue(killed ? frames > 0 && frames <= 120 : frames == 122, frames + " frames");
    }

    @Test
    void aCtrlCThatReachesFfmpegIsNoFailure() throws Exception {
        int added = 30;
        try (VideoWriter writer = writer("ffmpeg", "a.mp4")) {
            add(writer, 0, added);
            Process process = writer.process();
            assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor());
            while (process.isAlive()) { // it notices the signal when it has read a frame
                add(writer, added++, 1);
            }
            add(writer, added, 30);
            writer.finish();
        }
        int frames = Video.read(folder.resolve("a.mp4")).frames();
        assertTrue(frames > 0 && frames < added, frames + " frames");
        assertEquals(List.of("a.mp4"), FileNames.in(folder));
    }

    @Test
    void anUnfinishedVideoLeavesNothing() throws Exception {
        Process process;
        try (VideoWriter writer = writer("ffmpeg", "a.mp4")) {
            add(writer, 0, 3);
            process = writer.process();
        }
        assertEquals(List.of(), FileNames.in(folder));
        assertFalse(process.isAlive());
    }
}
