package iadb.view.surface;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Redirects LWJGL's messages about missing libraries to the debug log, since the program itself reports them in one line. LWJGL
 * creates an instance by reflection.
 */
public final class NativeLibraryLog implements Supplier<PrintStream> {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraryLog.class);

    /** Takes effect only if LWJGL has not been used before. */
    public static void install() {
        System.setProperty("org.lwjgl.util.DebugStream", NativeLibraryLog.class.getName());
    }

    @Override
    public PrintStream get() {
        return new PrintStream(new ByteArrayOutputStream() {
            @Override
            public synchronized void flush() {
                toString().lines().filter(line -> !line.isBlank()).forEach(LOG::debug);
                reset();
            }
        }, true);
    }
}
