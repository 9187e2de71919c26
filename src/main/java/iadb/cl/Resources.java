package iadb.cl;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Device objects that are closed together, in reverse order of their addition. A constructor that creates several objects adds
 * each, and closes all if a later one fails. A fault while closing one is logged, and the rest are closed.
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
