package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.FileNames;
import iadb.plot.Box;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left in the folder of the pictures of steps. */
class FramesTest {
    private static final float[] POINTS = {0.2f, 0.3f, 0.8f, 0.6f};

    @TempDir
    private Path folder;

    /** Writes frames; returns whether all files were written. */
    private boolean write(int T) throws IOException {
        try (Frames frames = new Frames(folder, T, POINTS, Box.UNIT, "gif")) {
            for (int t = 0; t <= T; t++) {
                frames.add(POINTS);
            }
            return frames.finish();
        }
    }

    @Test
    void nothingOfAnotherRunRemains() throws Exception {
        assertTrue(write(3));
        Files.createFile(folder.resolve("animation.mp4"));
        Files.createFile(folder.resolve("animation.webm"));
        Files.createFile(folder.resolve("another.mp4"));
        assertTrue(write(1));
        assertEquals(List.of("animation.gif", "another.mp4", "x_0.png", "x_1.png"), FileNames.in(folder));
    }

    @Test
    void anAnimationThatCannotBeWrittenCostsNoPicture() throws Exception {
        Files.createDirectory(folder.resolve("animation.gif"));
        Files.createFile(folder.resolve("animation.mp4"));
        assertFalse(write(1));
        assertEquals(List.of("animation.gif", "animation.mp4", "x_0.png", "x_1.png"), FileNames.in(folder));
    }

    @Test
    void aPictureThatCannotBeWrittenEndsThePictures() throws Exception {
        Files.createDirectory(folder.resolve("x_1.png"));
        int T = 2 * Runtime.getRuntime().availableProcessors() + 10; // more than may be pending
        assertFalse(write(T));
        assertTrue(Files.exists(folder.resolve("x_0.png")));
        assertFalse(Files.exists(folder.resolve("x_" + T + ".png")));
        assertFalse(Files.exists(folder.resolve("animation.gif")));
    }
}
