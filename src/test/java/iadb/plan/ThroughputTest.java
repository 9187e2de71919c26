package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The size of launches follows the device's speed. */
class ThroughputTest {
    private static final long MOST = 25_000_000;

    /** Runs launches on a device of this speed; returns the longest after the first ten. */
    private static long longest(Throughput pace, double workPerNano, int launches) {
        long longest = 0;
        for (int i = 0; i < launches; i++) {
            double work = pace.work(MOST);
            long nanos = (long) (work / workPerNano);
            pace.learn(work, nanos, MOST);
            longest = i < 10 ? longest : Math.max(longest, nanos);
        }
        return longest;
    }

    @Test
    void launchesAreAsLongAsTheyMayBeAndNoLonger() {
        for (double guess : new double[] {1e-2, 1, 1e2}) { // the first ten launches come from 1/100 of the speed to all of it
            Throughput pace = new Throughput(guess * MOST, MOST);
            long longest = longest(pace, 1, 20);
            assertTrue(longest <= MOST && longest >= MOST / 2, longest + " ns");
            longest = longest(pace, 0.1, 20); // another program takes the device
            assertTrue(longest <= MOST && longest >= MOST / 2, longest + " ns");
        }
    }

    @Test
    void aQuickLaunchDoublesTheNextAndASlowOneShortensItAtOnce() {
        Throughput pace = new Throughput(1000, MOST);
        double before = pace.work(MOST);
        pace.learn(before, 1, MOST);
        assertEquals(2 * before, pace.work(MOST), 1e-9 * before);
        pace.learn(2 * before, 100 * MOST, MOST);
        assertTrue(pace.work(MOST) < 2 * before / 100);
    }

    @Test
    void smallPiecesSayNothingUnlessTheyTookTooLong() {
        Throughput pace = new Throughput(1000, MOST);
        double before = pace.work(MOST);
        pace.learn(1, MOST / 2, MOST); // mostly what a launch costs by itself
        assertEquals(before, pace.work(MOST));
        pace.learn(1, 2 * MOST, MOST);
        assertTrue(pace.work(MOST) < 1);
    }
}
