package iadb.view.scene;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.draw.PointSource;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import java.time.Duration;
import java.util.Arrays;

/**
 * The way of N points along the field, on the device: their positions at even places from 0, the start, to 1. One pass
 * fills it, in slices that the caller asks for. Few points keep every step; of millions as many frames are kept as memory
 * allows, and what lies between two frames is drawn as a straight line.
 */
final class Keyframes implements AutoCloseable {
    private static final long MOST_BYTES = 256L << 20;

    private final Context context;
    private final int points;
    private final int capacity; // frames
    private final Resources resources = new Resources();
    private final DeviceBuffer memory;     // [capacity][N, 2]
    private final DeviceBuffer moving;     // [N, 2]
    private final DeviceBuffer parameters; // the network of this pass
    private MapSession session;
    private int segments;
    private int steps;
    private int filled; // frames that are there
    private int wayPoint = -1;   // whose way was asked for last
    private float[] way = {};    // [frames, 2], of that point

    /**
     * @param parameterBytes of the network's weights
     * @param mostSteps      of a pass, as far as every step shall be kept
     */
    Keyframes(Context context, int points, long parameterBytes, int mostSteps) {
        this.context = context;
        this.points = points;
        long most = Math.min(MOST_BYTES, context.device().maxBufferBytes()) / frameBytes();
        capacity = (int) Math.max(2, Math.min(mostSteps + 1L, most));
        try {
            memory = resources.add(context.buffer(capacity * frameBytes()));
            moving = resources.add(context.buffer(frameBytes()));
            parameters = resources.add(context.buffer(parameterBytes));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    private long frameBytes() {
        return (long) points * PointSource.POINT_BYTES;
    }

    /**
     * Starts a new pass with the weights as they are now.
     *
     * @param start [N, 2], stays as it is
     * @param live  the weights; a copy is taken, so that the whole pass has one field
     */
    void begin(Sampler sampler, DeviceBuffer live, DeviceBuffer start, Integration integration) {
        endSession();
        wayPoint = -1;
        steps = integration.T();
        segments = Math.min(steps, capacity - 1);
        context.copy(live, 0, parameters, 0, parameters.bytes());
        context.copy(start, 0, moving, 0, frameBytes());
        context.copy(start, 0, memory, 0, frameBytes());
        filled = 1;
        session = sampler.session(parameters, moving, points, integration);
    }

    /** Nothing but the start, at every place. */
    void beginWithoutField(DeviceBuffer start) {
        endSession();
        wayPoint = -1;
        segments = 1;
        context.copy(start, 0, memory, 0, frameBytes());
        context.copy(start, 0, memory, frameBytes(), frameBytes());
        filled = 2;
    }

    /** Goes on for about {@code budget}; true when the pass is complete. */
    boolean advance(Duration budget) {
        long end = System.nanoTime() + budget.toNanos();
        long left = budget.toNanos();
        while (!complete() && left > 0) {
            int next = stepOf(filled);
            session.advance(next - session.step(), Duration.ofNanos(Math.min(left, Flow.LONGEST_LAUNCH.toNanos())));
            if (session.step() == next) {
                context.copy(moving, 0, memory, filled * frameBytes(), frameBytes());
                filled++;
            }
            left = end - System.nanoTime();
        }
        return complete();
    }

    private int stepOf(int frame) {
        return (int) ((long) frame * steps / segments);
    }

    boolean complete() {
        return filled == segments + 1;
    }

    /** How far the pass is computed, 0 to 1. */
    double known() {
        return (filled - 1) / (double) segments;
    }

    /** Frames of a whole pass, less one. */
    int segments() {
        return segments;
    }

    /** Enqueues a copy of a frame's positions into {@code target} [N, 2]. */
    void copyFrame(int frame, DeviceBuffer target) {
        context.copy(memory, frame * frameBytes(), target, 0, frameBytes());
    }

    /** The positions of a frame, [N, 2]. */
    float[] readFrame(int frame) {
        return memory.read(new float[2 * points], (long) frame * 2 * points);
    }

    /** The way of one point so far, [frames that are there, 2]. Only frames that are new since the last call are read. */
    float[] wayOf(int point) {
        int known = point == wayPoint ? way.length / 2 : 0;
        if (known < filled || point != wayPoint) {
            way = Arrays.copyOf(way, 2 * filled);
            float[] position = new float[2];
            for (int frame = known; frame < filled; frame++) {
                memory.read(position, ((long) frame * points + point) * 2);
                way[2 * frame] = position[0];
                way[2 * frame + 1] = position[1];
            }
            wayPoint = point;
        }
        return way;
    }

    private void endSession() {
        if (session != null) {
            session.close();
            session = null;
        }
    }

    @Override
    public void close() {
        endSession();
        resources.close();
    }
}
