package iadb.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.file.FrameWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/** A recording against a clock of the test's own, with a writer that is as slow as the test wants. */
class RecorderTest {
    private static final int RATE = 25; // a tick is a whole number of nanoseconds

    /** Writes a frame for each permit. */
    private static final class SlowWriter implements FrameWriter {
        private final Semaphore permits = new Semaphore(0);
        private final Semaphore begun = new Semaphore(0);
        private final List<Integer> colours = new ArrayList<>(); // of the frames' first pixels
        private final List<Integer> widths = new ArrayList<>();
        private final List<Integer> ticks = new ArrayList<>(); // since the frame before
        private IOException fault; // of the next frame
        private boolean adding;
        private boolean finished;
        private boolean closedWhileAdding;

        @Override
        public int ticksPerSecond() { return RATE; }

        @Override
        public void add(BufferedImage frame, int previousTicks) throws IOException {
            adding = true;
            begun.release();
            permits.acquireUninterruptibly();
            adding = false;
            if (fault != null) {
                throw fault;
            }
            colours.add(frame.getRGB(frame.getWidth() / 2, frame.getHeight() / 2) & 0xFFFFFF);
            widths.add(frame.getWidth());
            ticks.add(previousTicks);
        }

        @Override
        public void finish() { finished = true; }

        @Override
        public void close() { closedWhileAdding = adding; }
    }

    private final SlowWriter writer = new SlowWriter();
    private long nanos;

    /** Shows a picture of one colour at a time, in ticks. */
    private void show(Recorder recorder, double tick, int colour, int width) throws IOException {
        nanos = Math.round(tick * (1e9 / RATE));
        recorder.record(width, 4, () -> {
            BufferedImage picture = new BufferedImage(width, 4, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < 4 * width; i++) {
                picture.setRGB(i % width, i / width, colour);
            }
            return picture;
        });
    }

    private Recorder recorder(int minTicks) { return new Recorder(writer, minTicks, () -> nanos); }

    @Test
    void aFrameIsShownUntilTheNextOneBegins() throws Exception {
        writer.permits.release(100);
        try (Recorder recorder = recorder(3)) {
            assertTrue(recorder.isEmpty());
            double[] times = {100, 101, 102.9, 103, 110, 1e6, 1e6 + 5}; // too early: 101 and 102.9
            for (int i = 0; i < times.length; i++) {
                show(recorder, times[i], i, 4);
            }
            recorder.finish(() -> { });
        }
        assertTrue(writer.finished);
        assertEquals(List.of(0, 3, 4, 5, 6), writer.colours);
        assertEquals(List.of(3, 7, Recorder.MAX_HELD_SECONDS * RATE, 5), writer.ticks.subList(1, 5));
    }

    @Test
    void aSlowWriterCostsFramesButNoTime() throws Exception {
        try (Recorder recorder = recorder(1)) {
            int tick = 0;
            for (; tick < Recorder.MAX_WAITING + 2; tick++) { // the last finds no place
                show(recorder, tick, tick, 4);
            }
            writer.permits.release(100);
            while (writer.begun.availablePermits() <= Recorder.MAX_WAITING) {
                Thread.onSpinWait();
            }
            show(recorder, tick, tick, 4);
            recorder.finish(() -> { });
            assertEquals(tick, writer.ticks.stream().mapToInt(Integer::intValue).sum(), "the last frame is shown at its time");
            assertEquals(Recorder.MAX_WAITING + 2, writer.colours.size());
            assertEquals(tick, writer.colours.get(Recorder.MAX_WAITING + 1));
            assertEquals(2, writer.ticks.get(Recorder.MAX_WAITING + 1));
        }
    }

    @Test
    void picturesOfAnotherShapeGetMargins() throws Exception {
        writer.permits.release(100);
        try (Recorder recorder = recorder(1)) {
            show(recorder, 0, 0xFF0000, 4);
            show(recorder, 1, 0x00FF00, 9);
            recorder.finish(() -> { });
        }
        assertEquals(List.of(4, 4), writer.widths);
        assertEquals(List.of(0xFF0000, 0x00FF00), writer.colours);
    }

    @Test
    void aFailureEndsTheRecordingOnce() throws Exception {
        writer.fault = new IOException("full");
        writer.permits.release(100);
        try (Recorder recorder = recorder(1)) {
            show(recorder, 0, 0, 4);
            show(recorder, 1, 1, 4);
            assertSame(writer.fault, assertThrows(IOException.class, () -> recorder.finish(() -> { })));
            show(recorder, 2, 2, 4);
            recorder.finish(() -> { });
        }
        assertFalse(writer.finished);
    }

    @Test
    void theWriterIsClosedWhenItsFrameIsWrittenAndNoOtherFollows() throws Exception {
        Recorder recorder = recorder(1);
        show(recorder, 0, 0, 4);
        show(recorder, 1, 1, 4);
        writer.begun.acquireUninterruptibly();
        Thread closing = new Thread(recorder::close);
        closing.start();
        while (closing.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        writer.permits.release(100);
        closing.join();
        assertFalse(writer.closedWhileAdding);
        assertEquals(List.of(0), writer.colours);
    }
}
