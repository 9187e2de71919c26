package iadb.view.interop;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.view.surface.Surface;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The OpenCL context of the window, and whether it shares memory with OpenGL. Sharing is tried on each device: its extension
 * string is read before any sharing call, then {@link SharingSelfTest} runs in a child process, then in this one. If no device
 * passes, points are copied.
 *
 * @param context owned by the caller
 * @param shares  whether OpenCL and OpenGL use the same memory; otherwise the host copies points
 */
public record Interop(Context context, boolean shares) {
    private static final Logger LOG = LoggerFactory.getLogger(Interop.class);

    /**
     * Opens a context on one of the devices; the OpenGL context of {@code surface} must be current.
     *
     * @param candidates in order of preference; if none shares memory, the first is used
     * @param automatic  whether to try sharing
     */
    public static Interop open(Surface surface, List<Device> candidates, boolean automatic) {
        return open(surface, candidates, automatic, SharingSelfTest::childLimit);
    }

    static Interop open(Surface surface, List<Device> candidates, boolean automatic, Function<Device, Duration> childLimit) {
        if (!automatic) {
            LOG.debug("points are copied to OpenGL, as requested");
        } else if (surface.sharingProperties().length == 0) {
            LOG.debug("points are copied to OpenGL: sharing is not supported on this window system");
        } else {
            for (Device device : candidates) {
                if (!device.claimsGlSharing()) {
                    LOG.debug("{} does not offer to share buffers with OpenGL", device);
                } else if (SharingSelfTest.passesInChild(surface, device, childLimit.apply(device))) {
                    try {
                        Context context = SharingSelfTest.open(surface, device);
                        LOG.debug("{} shares its points with OpenGL", device);
                        return new Interop(context, true);
                    } catch (OpenClException | UnsupportedOperationException | IllegalStateException e) {
                        LOG.debug("{} does not share with OpenGL, although the child process did: {}", device, e.getMessage());
                    }
                }
            }
            LOG.debug("points are copied to OpenGL: no device shares its buffers");
        }
        return new Interop(Context.open(candidates.get(0)), false);
    }

    /** {@code shared} or {@code copied}. */
    public String transfer() { return shares ? "shared" : "copied"; }

    /**
     * Creates a buffer with undefined content. The caller closes it before the context and the surface.
     *
     * @param points more than 0
     * @throws DeviceLimitException when OpenCL or OpenGL cannot allocate it
     */
    public PointBuffer buffer(int points) { return new PointBuffer(context, shares, points); }
}
