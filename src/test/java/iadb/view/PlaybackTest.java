package iadb.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PlaybackTest {
    private static final double FRAME = 1 / 64.0;

    private static double secondsUntil(Playback playback, double progress, boolean loop) {
        for (double seconds = 0; seconds < 60; seconds += FRAME) {
            if (playback.progress() == progress) {
                return seconds;
            }
            playback.advance(FRAME, 1, 1, loop);
        }
        throw new AssertionError("never at " + progress);
    }

    @Test
    void passTakesFourSecondsAndRestsAtBothEnds() {
        Playback playback = new Playback();
        playback.moveTo(0);
        assertEquals(5, secondsUntil(playback, 1, true), 0.1);
        assertEquals(5, secondsUntil(playback, 0, true), 0.1);
        assertEquals(5, secondsUntil(playback, 1, true), 0.1);
    }

    @Test
    void withoutLoopItStartsAgain() {
        Playback playback = new Playback();
        playback.moveTo(0);
        secondsUntil(playback, 1, false);
        double least = 1;
        for (int i = 0; i < 80; i++) {
            playback.advance(FRAME, 1, 1, false);
            least = Math.min(least, playback.progress());
        }
        assertEquals(0, least, "after the rest it restarts at 0");
    }

    @Test
    void playbackWaitsForThePartNotYetComputed() {
        Playback playback = new Playback();
        playback.moveTo(0);
        for (int i = 0; i < 1000; i++) {
            playback.advance(FRAME, 1, 0.25, true);
            assertTrue(playback.progress() <= 0.25);
        }
        assertEquals(0.25, playback.progress());
        playback.advance(FRAME, 1, 0.1, true);
        assertEquals(0.25, playback.progress(), "it does not jump back");
    }

    @Test
    void aChosenProgressRestsBeforeItContinues() {
        Playback playback = new Playback();
        playback.moveTo(0.4);
        for (double seconds = 0; seconds < 0.95; seconds += FRAME) {
            playback.advance(FRAME, 1, 1, true);
            assertEquals(0.4, playback.progress());
        }
        playback.advance(1, 1, 1, true);
        playback.advance(1, 1, 1, true);
        assertTrue(playback.progress() > 0.4);
    }

    @Test
    void speedIsAFactor() {
        Playback playback = new Playback();
        playback.moveTo(0);
        for (int i = 0; i < 65; i++) {
            playback.advance(FRAME, 2, 1, true);
        }
        double before = playback.progress();
        for (int i = 0; i < 64; i++) {
            playback.advance(FRAME, 2, 1, true);
        }
        assertEquals(0.5, playback.progress() - before, 1e-9);
    }
}
