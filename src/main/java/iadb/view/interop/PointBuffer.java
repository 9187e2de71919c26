package iadb.view.interop;

import iadb.cl.DeviceBuffer;

/**
 * Points that OpenCL moves and OpenGL draws: [points, 2] float. OpenCL's turn lasts from {@link #acquire} to
 * {@link #publish}, and what is enqueued for it must be enqueued between the two; OpenGL's is all other time. What
 * OpenCL wrote is still there at its next turn.
 */
public interface PointBuffer extends AutoCloseable {
    int BYTES_PER_POINT = 2 * Float.BYTES;

    int points();

    /** OpenGL's name of the GL_ARRAY_BUFFER, which is never written by OpenGL. */
    int glBuffer();

    /** OpenCL may use it from here on ... */
    DeviceBuffer acquire();

    /** ... to here; waits for what is enqueued. From here on OpenGL draws what was written. */
    void publish();

    /** Bytes that went through the host so far; always 0 when the memory is shared. */
    long hostBytes();

    /** Ends OpenCL's turn, if it is, and frees both. */
    @Override
    void close();
}
