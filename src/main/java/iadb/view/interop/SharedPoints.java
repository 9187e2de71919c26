package iadb.view.interop;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One memory, OpenGL's, that OpenCL uses in its turns. Both wait for each other with glFinish and clFinish, the only
 * way that needs no further extension; the turns of a frame come one after the other anyhow.
 */
final class SharedPoints implements PointBuffer {
    private static final Logger LOG = LoggerFactory.getLogger(SharedPoints.class);

    private final Context context;
    private final int points;
    private final int glBuffer; // [points, 2]
    private final DeviceBuffer view; // of the same memory
    private final Turn turn = new Turn();

    private SharedPoints(Context context, int points) {
        this.context = context;
        this.points = points;
        long bytes = (long) points * BYTES_PER_POINT;
        glBuffer = GlBuffer.create(bytes);
        try {
            view = context.fromGl(glBuffer, bytes);
        } catch (RuntimeException e) {
            glDeleteBuffers(glBuffer);
            throw e;
        }
    }

    /** @param context opened with the sharing properties of the OpenGL context that is current */
    static Transfer transfer(Context context) {
        return new Transfer() {
            @Override
            public String name() {
                return "shared";
            }

            @Override
            public PointBuffer buffer(int points) {
                return new SharedPoints(context, points);
            }
        };
    }

    @Override
    public int points() {
        return points;
    }

    @Override
    public int glBuffer() {
        return glBuffer;
    }

    @Override
    public DeviceBuffer acquire() {
        turn.begin();
        glFinish();
        context.acquire(view);
        return view;
    }

    @Override
    public void publish() {
        turn.end();
        context.release(view);
        context.finish();
    }

    @Override
    public long hostBytes() {
        return 0;
    }

    @Override
    public void close() {
        try {
            if (turn.isOpenCl()) {
                publish();
            }
        } catch (OpenClException e) {
            LOG.debug("closing points in OpenCL's turn: {}", e.getMessage());
        }
        view.close();
        glDeleteBuffers(glBuffer);
    }
}
