package iadb.view.scene;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Readback;
import iadb.cl.Resources;
import iadb.draw.PointSource;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import java.time.Duration;
import java.util.Arrays;

/**
 * The trajectories of N points on the device, stored as frames at regular intervals. A pass computes them in slices. For few
 * points every step is a frame; for millions, as many as fit into memory, and the trajectory between two frames is drawn as a
 * straight line.
 */
final class Keyframes implements AutoCloseable {
    private static final long MAX_BYTES = 256L << 20;

    private final Context context;
    private final int points;
    private final int capacity; // frames
    private final Resources resources = new Resources();
    private final DeviceBuffer frames;     // [capacity, N, 2]
    private final DeviceBuffer moving;     // [N, 2]
    private DeviceBuffer parameters; // the weights of the current pass; null before the first
    private MapSession session;
    private int segments;
    private int steps;
    private int filled; // frames computed
    private int trajectoryPoint = -1; // the point whose trajectory was read last; -1: none of this pass
    private float[] trajectory = {};  // [frames, 2], of that point

    /** @param maxSteps the largest number of steps of a pass */
    Keyframes(Context context, int points, int maxSteps) {
        this.context = context;
        this.points = points;
        long maxFrames = Math.min(MAX_BYTES, context.device().maxBufferBytes()) / frameBytes();
        capacity = (int) Math.max(2, Math.min(maxSteps + 1L, maxFrames));
        try {
            frames = resources.add(context.buffer(capacity * frameBytes()));
            moving = resources.add(context.buffer(frameBytes()));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    private long frameBytes() { return (long) points * PointSource.POINT_BYTES; }

    /**
     * Begins a new pass with the current weights.
     *
     * @param live  the weights of any network, copied so that training does not change them during the pass
     * @param start [N, 2], only read
     */
    void begin(Sampler sampler, DeviceBuffer live, DeviceBuffer start, Integration integration) {
        endSession();
        steps = integration.T();
        segments = Math.min(steps, capacity - 1);
        if (parameters == null || parameters.bytes() != live.bytes()) {
            closeParameters();
            parameters = context.buffer(live.bytes());
        }
        context.copy(live, 0, parameters, 0, parameters.bytes());
        context.copy(start, 0, moving, 0, frameBytes());
        context.copy(start, 0, frames, 0, frameBytes());
        filled = 1;
        session = sampler.session(parameters, moving, points, integration);
    }

    /** Replaces the pass by a complete one in which no point moves. */
    void fill(DeviceBuffer start) {
        endSession();
        segments = 1;
        context.copy(start, 0, frames, 0, frameBytes());
        context.copy(start, 0, frames, frameBytes(), frameBytes());
        filled = 2;
    }

    /** Continues for about {@code budget}; true when the pass is complete. */
    boolean advance(Duration budget) {
        long end = System.nanoTime() + budget.toNanos();
        long left = budget.toNanos();
        while (filled <= segments && left > 0) {
            int next = (int) ((long) filled * steps / segments);
            session.advance(next - session.step(), Duration.ofNanos(Math.min(left, Flow.LONGEST_LAUNCH.toNanos())));
            if (session.step() == next) {
                context.copy(moving, 0, frames, filled * frameBytes(), frameBytes());
                filled++;
            }
            left = end - System.nanoTime();
        }
        return filled > segments;
    }

    /** The index of the last computed frame; {@link #segments} when the pass is complete. */
    int last() { return filled - 1; }

    /** The frames of a complete pass minus one. */
    int segments() { return segments; }

    /** Enqueues a copy of a frame's positions into {@code target} [N, 2]. */
    void copyFrame(int frame, DeviceBuffer target) { context.copy(frames, frame * frameBytes(), target, 0, frameBytes()); }

    /** Enqueues a copy of the first positions of a frame, [count, 2]. */
    void fetchFrame(int frame, Readback into, int count) { into.start(frames, (long) frame * 2 * points, 2 * count); }

    /** The positions of a frame, [N, 2]. */
    float[] readFrame(int frame) { return frames.read(new float[2 * points], (long) frame * 2 * points); }

    /** The computed part of a point's trajectory, [frames, 2]. Only frames added since the last call are read. */
    float[] trajectoryOf(int point) {
        int known = point == trajectoryPoint ? trajectory.length / 2 : 0;
        if (known < filled) {
            trajectory = Arrays.copyOf(trajectory, 2 * filled);
            float[] position = new float[2];
            for (int frame = known; frame < filled; frame++) {
                frames.read(position, ((long) frame * points + point) * 2);
                trajectory[2 * frame] = position[0];
                trajectory[2 * frame + 1] = position[1];
            }
            trajectoryPoint = point;
        }
        return trajectory;
    }

    private void endSession() {
        trajectoryPoint = -1;
        if (session != null) {
            session.close();
            session = null;
        }
    }

    private void closeParameters() {
        if (parameters != null) {
            parameters.close();
            parameters = null;
        }
    }

    @Override
    public void close() {
        endSession();
        closeParameters();
        resources.close();
    }
}
