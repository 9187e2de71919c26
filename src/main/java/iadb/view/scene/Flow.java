package iadb.view.scene;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.sample.Integration;
import iadb.sample.Sampler;
import iadb.view.interop.PointBuffer;
import iadb.view.interop.Transfer;
import java.time.Duration;

/**
 * Points that move along the field together, and what of them OpenGL draws: two frames of their way, between which the
 * shaders blend. While one pass is shown the next is computed, and takes its place when it is complete.
 */
public final class Flow implements AutoCloseable {
    /** No launch is longer than 20 ms, so that the window answers. */
    public static final Duration LONGEST_LAUNCH = Duration.ofMillis(18);

    private static final int NOTHING = -1;

    private final int points;
    private final Resources resources = new Resources();
    private final DeviceBuffer start; // [N, 2]
    private Keyframes shown;
    private Keyframes next;
    private PointBuffer from;
    private PointBuffer to;
    private int frameInFrom = NOTHING; // of `shown`
    private int frameInTo = NOTHING;
    private float blend;

    /** @param starts [N, 2] */
    public Flow(Context context, Transfer transfer, float[] starts, long parameterBytes, int mostSteps) {
        points = starts.length / 2;
        try {
            start = resources.add(context.buffer(starts));
            shown = resources.add(new Keyframes(context, points, parameterBytes, mostSteps));
            next = resources.add(new Keyframes(context, points, parameterBytes, mostSteps));
            from = resources.add(transfer.buffer(points));
            to = resources.add(transfer.buffer(points));
            shown.beginWithoutField(start);
            show(0);
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    public int points() {
        return points;
    }

    /** Shows a new pass from its start on, while it is computed. */
    public void begin(Sampler sampler, DeviceBuffer parameters, Integration integration) {
        shown.begin(sampler, parameters, start, integration);
        frameInFrom = NOTHING;
        frameInTo = NOTHING;
    }

    /** Starts a pass that is not shown until it is complete. */
    public void beginBehind(Sampler sampler, DeviceBuffer parameters, Integration integration) {
        next.begin(sampler, parameters, start, integration);
    }

    /** Goes on with the pass that is shown, for about {@code budget}; true when it is complete. */
    public boolean advance(Duration budget) {
        return shown.advance(budget);
    }

    /** Continues the pass behind for about {@code budget}; true when it is complete. */
    public boolean advanceBehind(Duration budget) {
        return next.advance(budget);
    }

    /** Shows the complete pass behind: {@link #morph} blends from what is on the screen to this place of it. */
    public void showPassBehind(double place) {
        Keyframes before = shown;
        shown = next;
        next = before;
        PointBuffer last = blend < 0.5f ? from : to;
        PointBuffer other = blend < 0.5f ? to : from;
        from = last;
        to = other;
        load(to, (int) Math.round(place * shown.segments()));
        frameInFrom = NOTHING;
        frameInTo = NOTHING;
        blend = 0;
    }

    /** @param share 0: as it was before the last pass was complete; 1: as it is now */
    public void morph(double share) {
        blend = (float) share;
    }

    /** How far the pass that is shown is computed, 0 to 1. */
    public double known() {
        return shown.known();
    }

    /** Shows the points at a place of their way, 0 to {@link #known}. */
    public void show(double place) {
        double frame = Math.min(place, known()) * shown.segments();
        int before = Math.max(0, Math.min((int) frame, (int) Math.round(known() * shown.segments()) - 1));
        int after = Math.min(before + 1, (int) Math.round(known() * shown.segments()));
        if (frameInTo == before || frameInFrom == after) { // the place has left the pair at one side
            PointBuffer buffer = from;
            from = to;
            to = buffer;
            int held = frameInFrom;
            frameInFrom = frameInTo;
            frameInTo = held;
        }
        if (frameInFrom != before) {
            load(from, before);
            frameInFrom = before;
        }
        if (frameInTo != after) {
            load(to, after);
            frameInTo = after;
        }
        blend = (float) (frame - before);
    }

    private void load(PointBuffer buffer, int frame) {
        shown.copyFrame(frame, buffer.acquire());
        buffer.publish();
    }

    /** GL name of the buffer that the points come from. */
    public int fromBuffer() {
        return from.glBuffer();
    }

    /** GL name of the buffer that they go to. */
    public int toBuffer() {
        return to.glBuffer();
    }

    /** 0: as in the one, 1: as in the other. */
    public float blend() {
        return blend;
    }

    /** Bytes that went through the host on their way to OpenGL. */
    public long hostBytes() {
        return from.hostBytes() + to.hostBytes();
    }

    /** Positions near a place, [N, 2]: those of its nearest frame. */
    public float[] positionsAt(double place) {
        return shown.readFrame((int) Math.round(Math.min(place, known()) * shown.segments()));
    }

    /** Positions as they are shown, [N, 2]; while a new pass is blended in, those that it blends to. */
    public float[] positionsShown(double place) {
        if (frameInFrom == NOTHING || frameInTo == NOTHING) {
            return positionsAt(place);
        }
        float[] positions = shown.readFrame(frameInFrom);
        float[] after = shown.readFrame(frameInTo);
        for (int i = 0; i < positions.length; i++) {
            positions[i] += blend * (after[i] - positions[i]);
        }
        return positions;
    }

    /** The way of a point as far as it is computed, [frames, 2]. */
    public float[] wayOf(int point) {
        return shown.wayOf(point);
    }

    @Override
    public void close() {
        resources.close();
    }
}
