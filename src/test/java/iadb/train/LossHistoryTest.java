package iadb.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import iadb.fault.InvalidInputException;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows of the loss, in an uninterrupted history and in one resumed within a row. */
class LossHistoryTest {
    @Test
    void aHistoryTakenFromACheckpointContinuesAsIfUninterrupted() {
        float[] losses = new float[2000];
        Random random = new Random(1);
        for (int i = 0; i < losses.length; i++) {
            losses[i] = 10 + random.nextFloat();
        }
        LossHistory uninterrupted = new LossHistory(losses.length);
        uninterrupted.add(losses);
        for (int stop : new int[] {1, 7, 1000, 1999, 2000}) { // rows are of 7 steps
            LossHistory before = new LossHistory(losses.length);
            before.add(Arrays.copyOf(losses, stop));
            LossHistory after = new LossHistory(before.completeRows(), before.facts(), stop, "file");
            after.add(Arrays.copyOfRange(losses, stop, losses.length));
            assertEquals(uninterrupted.smoothed(), after.smoothed());
            assertArrayEquals(uninterrupted.curve(), after.curve());
        }
    }

    @Test
    void rowsAreMeansAtEvenIntervals() {
        LossHistory history = new LossHistory(512);
        history.add(new float[] {1, 3, 5, 7, 9});
        assertArrayEquals(new double[][] {{2, 4, 5}, {2, 6, 9}}, history.curve());
        assertArrayEquals(new double[][] {{2, 4, 5}, {2, 6, 9}}, history.curve(), "reading changes nothing");
        history.add(new float[1019]); // more than were expected
        assertEquals(512, history.curve()[0].length);
        assertEquals(1024, history.curve()[0][511]);
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
