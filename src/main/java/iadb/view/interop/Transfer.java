package iadb.view.interop;

import iadb.cl.DeviceLimitException;

/** How points get from OpenCL to OpenGL. */
public interface Transfer {
    /** {@code shared} or {@code copied}. */
    String name();

    /**
     * A new buffer, its content unset, owned by the caller; to be closed before the context and the surface.
     *
     * @param points more than 0
     * @throws DeviceLimitException when OpenCL or OpenGL cannot hold it
     */
    PointBuffer buffer(int points);
}
