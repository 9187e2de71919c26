package iadb.view.scene;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Readback;
import iadb.cl.Resources;
import iadb.sample.Integration;
import iadb.sample.Sampler;
import iadb.view.interop.Interop;
import iadb.view.interop.PointBuffer;
import java.time.Duration;

/**
 * Points that the map moves: one pass of their trajectories is shown while the next can be computed. OpenGL holds two successive
 * frames, between which the shaders interpolate.
 */
public final class Flow implements AutoCloseable {
    /** The longest launch of a kernel, below 20 ms so that the window stays responsive. */
    public static final Duration LONGEST_LAUNCH = Duration.ofMillis(18);

    private static final int NONE = -1;

    private final int points;
    private final Resources resources = new Resources();
    private final DeviceBuffer start; // [N, 2]
    private Keyframes shown;
    private Keyframes next;
    private PointBuffer from; // [N, 2], the earlier frame
    private PointBuffer to;   // [N, 2], the later frame
    private int fromFrame = NONE; // index in `shown`; NONE if from an earlier pass
    private int toFrame = NONE;
    private float blend; // 0: from, 1: to
    private int pass; // number of the pass that is shown; 0 before the first

    /**
     * Shows the points at their start.
     *
     * @param starts   [N, 2]
     * @param maxSteps the largest number of steps of a pass
     */
    public Flow(Interop interop, float[] starts, int maxSteps) {
        Context context = interop.context();
        points = starts.length / 2;
        try {
            start = resources.add(context.buffer(starts));
            shown = resources.add(new Keyframes(context, points, maxSteps));
            next = resources.add(new Keyframes(context, points, maxSteps));
            from = resources.add(interop.buffer(points));
            to = resources.add(interop.buffer(points));
            shown.fill(start);
            show(0);
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    public int points() { return points; }

    /** Begins a new pass and shows it while it is computed. */
    public void begin(Sampler sampler, DeviceBuffer parameters, Integration integration) {
        shown.begin(sampler, parameters, start, integration);
        pass++;
        fromFrame = NONE;
        toFrame = NONE;
    }

    /** Begins a new pass in the background. */
    public void beginNext(Sampler sampler, DeviceBuffer parameters, Integration integration) {
        next.begin(sampler, parameters, start, integration);
    }

    /** Continues the pass that is shown for about {@code budget}; true when it is complete. */
    public boolean advance(Duration budget) { return shown.advance(budget); }

    /** Continues the pass in the background for about {@code budget}; true when it is complete. */
    public boolean advanceNext(Duration budget) { return next.advance(budget); }

    /** Replaces the pass that is shown by the next, which is complete; {@link #morph} blends to it at this progress, 0 to 1. */
    public void showNext(double progress) {
        Keyframes before = shown;
        shown = next;
        next = before;
        pass++;
        if (blend >= 0.5f) {
            swapBuffers();
        }
        load(to, (int) Math.round(progress * shown.segments()));
        fromFrame = NONE;
        toFrame = NONE;
        blend = 0;
    }

    /** @param newShare 0: the positions before {@link #showNext}; 1: the positions of the new pass */
    public void morph(double newShare) { blend = (float) newShare; }

    /** The computed part of the pass that is shown, 0 to 1. */
    public double computedFraction() { return shown.last() / (double) shown.segments(); }

    /** The number of the pass that is shown; 0 if it is not complete, or before the first. */
    public int completePass() { return shown.last() == shown.segments() ? pass : 0; }

    /** Enqueues a copy of the first points' ends, to be fetched by any thread; the pass must be complete. */
    public void fetchEnds(Readback into, int count) { shown.fetchFrame(shown.last(), into, count); }

    /** Shows the points at this progress along their trajectories, at most {@link #computedFraction}. */
    public void show(double progress) {
        double frame = Math.min(progress, computedFraction()) * shown.segments();
        int before = Math.max(0, Math.min((int) frame, shown.last() - 1));
        int after = Math.min(before + 1, shown.last());
        if (toFrame == before || fromFrame == after) { // the new pair of frames shares one with the old
            swapBuffers();
        }
        if (fromFrame != before) {
            load(from, before);
            fromFrame = before;
        }
        if (toFrame != after) {
            load(to, after);
            toFrame = after;
        }
        blend = (float) (frame - before);
    }

    private void swapBuffers() {
        PointBuffer buffer = from;
        from = to;
        to = buffer;
        int frame = fromFrame;
        fromFrame = toFrame;
        toFrame = frame;
    }

    private void load(PointBuffer buffer, int frame) {
        shown.copyFrame(frame, buffer.acquire());
        buffer.publish();
    }

    /** OpenGL's name of the buffer with the earlier frame. */
    public int fromBuffer() { return from.glBuffer(); }

    /** OpenGL's name of the buffer with the later frame. */
    public int toBuffer() { return to.glBuffer(); }

    /** 0: the earlier frame; 1: the later frame. */
    public float blend() { return blend; }

    /** Bytes copied by the host to OpenGL so far. */
    public long hostBytes() { return from.hostBytes() + to.hostBytes(); }

    /** The positions in the frame nearest to this progress, [N, 2]. */
    public float[] positionsAt(double progress) {
        return shown.readFrame((int) Math.round(Math.min(progress, computedFraction()) * shown.segments()));
    }

    /** The positions shown, [N, 2]; during a morph, those of the new pass at this progress. */
    public float[] positionsShown(double progress) {
        if (fromFrame == NONE || toFrame == NONE) {
            return positionsAt(progress);
        }
        float[] positions = shown.readFrame(fromFrame);
        float[] after = shown.readFrame(toFrame);
        for (int i = 0; i < positions.length; i++) {
            positions[i] += blend * (after[i] - positions[i]);
        }
        return positions;
    }

    /** The computed part of a point's trajectory, [frames, 2]. */
    public float[] trajectoryOf(int point) { return shown.trajectoryOf(point); }

    @Override
    public void close() { resources.close(); }
}
