package iadb.view.interop;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.view.surface.GlFunctions;
import java.nio.ByteBuffer;

/**
 * Two buffers, OpenCL's and OpenGL's: at {@link #publish} the host reads the first straight into the second's memory,
 * which saves a copy.
 */
final class CopiedPoints implements PointBuffer {
    private final int points;
    private final DeviceBuffer device; // [points, 2]
    private final int glBuffer; // [points, 2]
    private final Turn turn = new Turn();
    private long hostBytes;

    private CopiedPoints(Context context, int points) {
        this.points = points;
        device = context.buffer((long) points * BYTES_PER_POINT);
        try {
            glBuffer = GlBuffer.create(device.bytes());
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    /** The way that always works. */
    static Transfer transfer(Context context) {
        return new Transfer() {
            @Override
            public String name() {
                return "copied";
            }

            @Override
            public PointBuffer buffer(int points) {
                return new CopiedPoints(context, points);
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
        return device;
    }

    @Override
    public void publish() {
        turn.end();
        glBindBuffer(GL_COPY_WRITE_BUFFER, glBuffer);
        ByteBuffer memory = glMapBufferRange(GL_COPY_WRITE_BUFFER, 0, device.bytes(),
                GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT);
        if (memory == null) {
            GlFunctions.check("glMapBufferRange");
            throw new IllegalStateException("glMapBufferRange gives no memory");
        }
        try {
            device.read(memory);
        } finally {
            glUnmapBuffer(GL_COPY_WRITE_BUFFER); // false if a change of screen mode lost it: the next turn writes again
            glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
        }
        hostBytes += device.bytes();
    }

    @Override
    public long hostBytes() {
        return hostBytes;
    }

    @Override
    public void close() {
        device.close();
        glDeleteBuffers(glBuffer);
    }
}
