package iadb.view.interop;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.view.surface.OpenGl;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Points that OpenCL moves and OpenGL draws, [N, 2] float. OpenCL may use them from {@link #acquire} to {@link #publish}, OpenGL
 * at all other times; what OpenCL wrote is still there when it acquires them again. Either both use OpenGL's memory, or the host
 * copies OpenCL's buffer into OpenGL's when the points are published.
 */
public final class PointBuffer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PointBuffer.class);
    private static final int BYTES_PER_POINT = 2 * Float.BYTES;

    private final Context context;
    private final boolean shared;
    private final int glBuffer; // [N, 2]
    private final DeviceBuffer device; // [N, 2]; if shared, the same memory
    private boolean acquired;
    private long hostBytes;

    /** @param shared only for a context that was opened with the sharing properties of the current OpenGL context */
    PointBuffer(Context context, boolean shared, int points) {
        this.context = context;
        this.shared = shared;
        long bytes = (long) points * BYTES_PER_POINT;
        glBuffer = OpenGl.createBuffer(bytes);
        try {
            device = shared ? context.fromGl(glBuffer, bytes) : context.buffer(bytes);
        } catch (RuntimeException e) {
            glDeleteBuffers(glBuffer);
            throw e;
        }
    }

    /** OpenGL's name of the GL_ARRAY_BUFFER, which OpenGL never writes. */
    public int glBuffer() { return glBuffer; }

    /**
     * The buffer for OpenCL to use until {@link #publish}. Shared memory is synchronised by glFinish and clFinish, which need no
     * further extension.
     */
    public DeviceBuffer acquire() {
        if (acquired) {
            throw new IllegalStateException("points acquired twice without being published");
        }
        acquired = true;
        if (shared) {
            glFinish();
            context.acquire(device);
        }
        return device;
    }

    /** Waits for what OpenCL enqueued; from then on OpenGL draws the new points. */
    public void publish() {
        if (!acquired) {
            throw new IllegalStateException("points published without being acquired");
        }
        acquired = false;
        if (shared) {
            context.release(device);
            context.finish();
        } else {
            copy();
        }
    }

    /** Reads OpenCL's buffer straight into OpenGL's memory, which saves a second copy. */
    private void copy() {
        glBindBuffer(GL_COPY_WRITE_BUFFER, glBuffer);
        ByteBuffer memory = glMapBufferRange(GL_COPY_WRITE_BUFFER, 0, device.bytes(),
                GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT);
        if (memory == null) {
            OpenGl.check("glMapBufferRange");
            throw new IllegalStateException("glMapBufferRange returned no memory");
        }
        try {
            device.read(memory);
        } finally {
            glUnmapBuffer(GL_COPY_WRITE_BUFFER); // false if a change of screen mode lost the content: the next copy replaces it
            glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
        }
        hostBytes += device.bytes();
    }

    /** Bytes copied by the host so far; 0 for shared memory. */
    public long hostBytes() { return hostBytes; }

    /** Frees both buffers, releasing the points first if OpenCL still has them. */
    @Override
    public void close() {
        try {
            if (acquired && shared) {
                publish();
            }
        } catch (OpenClException e) {
            LOG.debug("closing acquired points: {}", e.getMessage());
        }
        device.close();
        glDeleteBuffers(glBuffer);
    }
}
