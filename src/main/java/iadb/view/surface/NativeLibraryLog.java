package iadb.view.surface;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where LWJGL tells in several lines which library it does not find: with {@code --verbose} only, since a line of ours says it. */
public final class NativeLibraryLog implements Supplier<PrintStream> {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraryLog.class);

    /** For LWJGL, which makes one by its name. */
    public NativeLibraryLog() {
    }

    /** From now on, if LWJGL was not used yet. */
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
