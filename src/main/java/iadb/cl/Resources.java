package iadb.cl;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Device objects that belong together: closed in the reverse of the order they were added. A constructor that makes
 * several adds each, and closes them all when a later one fails. Closing logs what goes wrong and goes on.
 */
public final class Resources implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Resources.class);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    /** Adds {@code resource} and returns it. */
    public <T extends AutoCloseable> T add(T resource) {
        open.push(resource);
        return resource;
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            AutoCloseable resource = open.pop();
            try {
                resource.close();
            } catch (Exception e) {
                LOG.debug("closing {}: {}", resource.getClass().getSimpleName(), e.getMessage());
            }
        }
    }
}
