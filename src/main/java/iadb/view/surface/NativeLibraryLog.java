package iadb.view.surface;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what LWJGL prints about missing libraries to the debug log: the program reports them in one line of its own. */
public final class NativeLibraryLog implements Supplier<PrintStream> {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraryLog.class);

    /** LWJGL calls this by reflection. */
    public NativeLibraryLog() { }

    /** Takes effect if LWJGL was not used before. */
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
