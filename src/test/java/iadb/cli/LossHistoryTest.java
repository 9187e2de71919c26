package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of the loss, whole or resumed in the middle of one. */
class LossHistoryTest {
    @TempDir
    Path folder;

    @Test
    void aHistoryTakenFromACheckpointGoesOnAsIfItHadNot() throws IOException {
        float[] losses = new float[2000];
        Random random = new Random(1);
        for (int i = 0; i < losses.length; i++) {
            losses[i] = 10 + random.nextFloat();
        }
        Path whole = Files.createDirectories(folder.resolve("whole"));
        Path resumed = Files.createDirectories(folder.resolve("resumed"));
        LossHistory uninterrupted = new LossHistory(losses.length);
        uninterrupted.add(losses);
        uninterrupted.write(whole);
        for (int stop : new int[] {1, 7, 1000, 1999, 2000}) { // rows are of 7 steps
            LossHistory before = new LossHistory(losses.length);
            before.add(Arrays.copyOf(losses, stop));
            LossHistory after = new LossHistory(before.wholeRows(), before.facts(), stop, "file");
            after.add(Arrays.copyOfRange(losses, stop, losses.length));
            after.write(resumed);
            assertEquals(uninterrupted.smoothed(), after.smoothed());
            assertArrayEquals(Files.readAllBytes(whole.resolve("loss.csv")), Files.readAllBytes(resumed.resolve("loss.csv")));
            assertArrayEquals(Files.readAllBytes(whole.resolve("loss.png")), Files.readAllBytes(resumed.resolve("loss.png")));
        }
    }

    @Test
    void rowsAreMeansAtEvenIntervals() throws IOException {
        LossHistory history = new LossHistory(512);
        history.add(new float[] {1, 3, 5, 7, 9});
        history.write(folder);
        history.write(folder); // as it was
        assertEquals(List.of("iteration,loss", "2,2.0", "4,6.0", "5,9.0"), Files.readAllLines(folder.resolve("loss.csv")));
    }

    @Test
    void refusesFactsThatAreNotThoseOfACheckpoint() {
        Map<String, String> facts = new LossHistory(512).facts();
        assertThrows(InvalidInputException.class, () -> new LossHistory(new float[3], facts, 4, "file"));
        assertThrows(InvalidInputException.class, () -> new LossHistory(new float[2], Map.of(), 4, "file"));
        assertThrows(InvalidInputException.class,
                () -> new LossHistory(new float[2], Map.of("loss.interval", "x", "loss.sum", "0", "loss.smoothed", "0"), 4, "file"));
    }
}
