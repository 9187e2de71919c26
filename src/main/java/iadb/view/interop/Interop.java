package iadb.view.interop;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.view.surface.Surface;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides how points get from OpenCL to OpenGL, and opens the OpenCL context accordingly. The OpenGL context comes
 * first. Of each device the extension string is read before any call of sharing; then a child process goes through the
 * whole chain ({@link SharingProbe}); then this one does. Whatever says no, the next device is tried, and in the end
 * points are copied.
 */
public final class Interop {
    private static final Logger LOG = LoggerFactory.getLogger(Interop.class);

    private final Context context;
    private final Transfer transfer;

    private Interop(Context context, Transfer transfer) {
        this.context = context;
        this.transfer = transfer;
    }

    /**
     * Opens a device.
     *
     * @param candidates in the order of preference; the first is the one taken when nothing can be shared
     * @param automatic  false: never share
     */
    public static Interop open(Surface surface, List<Device> candidates, boolean automatic) {
        return open(surface, candidates, automatic, SharingProbe::limit);
    }

    static Interop open(Surface surface, List<Device> candidates, boolean automatic, Function<Device, Duration> probeLimit) {
        if (!automatic) {
            LOG.debug("points are copied to OpenGL: as asked for");
        } else if (surface.sharingProperties().length == 0) {
            LOG.debug("points are copied to OpenGL: no way to share is known for this window system");
        } else {
            for (Device device : candidates) {
                if (!device.claimsGlSharing()) {
                    LOG.debug("{} does not offer to share buffers with OpenGL", device);
                } else if (SharingProbe.says(surface, device, probeLimit.apply(device))) {
                    try {
                        Context context = SharingSelfTest.open(surface, device);
                        LOG.debug("{} shares its points with OpenGL", device);
                        return new Interop(context, SharedPoints.transfer(context));
                    } catch (OpenClException | UnsupportedOperationException | IllegalStateException e) {
                        LOG.debug("{} does not share, though a trial did: {}", device, e.getMessage());
                    }
                }
            }
            LOG.debug("points are copied to OpenGL: no device shares them");
        }
        Context context = Context.open(candidates.get(0));
        return new Interop(context, CopiedPoints.transfer(context));
    }

    /** Owned by whoever opened this. */
    public Context context() {
        return context;
    }

    public Transfer transfer() {
        return transfer;
    }
}
