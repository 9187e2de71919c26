package iadb.cl;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Work on another thread, such as building kernels. The caller that starts it must close it, since a process that ends while a
 * driver compiles would crash.
 *
 * @param <T> type of the result
 */
public final class Background<T> implements AutoCloseable {
    private final CompletableFuture<T> result;

    private Background(CompletableFuture<T> result) { this.result = result; }

    /** Starts the work on a daemon thread of this name. */
    public static <T> Background<T> start(String name, Supplier<T> work) {
        return new Background<>(CompletableFuture.supplyAsync(work, run -> {
            Thread thread = new Thread(run, name);
            thread.setDaemon(true);
            thread.start();
        }));
    }

    /** Starts work without a result. */
    public static Background<Void> start(String name, Runnable work) {
        return start(name, () -> {
            work.run();
            return null;
        });
    }

    /** Work that is already done. */
    static Background<Void> completed() { return new Background<>(CompletableFuture.completedFuture(null)); }

    /** Whether it has ended, successfully or not. */
    public boolean isDone() { return result.isDone(); }

    /** Waits for at most {@code nanos}; returns whether the work has ended, successfully or not. */
    public boolean await(long nanos) {
        try {
            result.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return isDone();
        } catch (ExecutionException e) {
            return true;
        }
        return true;
    }

    /** Waits for the work; returns its result, or throws what it threw. */
    public T get() {
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) e.getCause();
        }
    }

    /** Waits for the work, and ignores its result and its faults. */
    @Override
    public void close() { result.handle((value, fault) -> null).join(); }
}
