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
 * Points [N, 2] float that OpenCL writes and OpenGL draws. OpenCL may use them from {@link #acquire} to {@link #publish}, OpenGL
 * at all other times; OpenCL's content is kept between the two. Either both use OpenGL's memory, or {@link #publish} copies
 * OpenCL's buffer into OpenGL's.
 */
public final class PointBuffer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PointBuffer.class);

    private final Context context;
    private final boolean shared;
    private final int glBuffer;        // [N, 2]
    private final DeviceBuffer device; // [N, 2]; if shared, the same memory
    private boolean acquired;
    private long hostBytes;

    /** @param shared allowed only if the context was opened with the sharing properties of the current OpenGL context */
    PointBuffer(Context context, boolean shared, int points) {
        this.context = context;
        this.shared = shared;
        long bytes = (long) points * 2 * Float.BYTES;
        glBuffer = OpenGl.createBuffer(bytes);
        try {
            device = shared ? context.fromGl(glBuffer, bytes) : context.buffer(bytes);
        } catch (RuntimeException e) {
            glDeleteBuffers(glBuffer);
            throw e;
        }
    }

    /** OpenGL's name of the buffer, which OpenGL must only read. */
    public int glBuffer() { return glBuffer; }

    /**
     * The buffer that OpenCL may use until {@link #publish}. glFinish and clFinish synchronise shared memory without further
     * extensions.
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

    /** Waits until OpenCL has finished; from then on OpenGL draws the new points. */
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

    /** Reads OpenCL's buffer directly into OpenGL's mapped memory. */
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
            glUnmapBuffer(GL_COPY_WRITE_BUFFER); // false if a change of screen mode lost the content; the next copy restores it
            glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
        }
        hostBytes += device.bytes();
    }

    /** Bytes copied by the host so far; 0 for shared memory. */
    public long hostBytes() { return hostBytes; }

    /** Frees both buffers; publishes acquired points first. */
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
