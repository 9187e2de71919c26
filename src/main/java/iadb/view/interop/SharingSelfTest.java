package iadb.view.interop;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.OpenClException;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.cl.UserCache;
import iadb.file.BuildVersion;
import iadb.view.surface.EglSurface;
import iadb.view.surface.GlfwSurface;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tests whether OpenCL and OpenGL share memory: OpenGL fills a buffer, a kernel changes every word, OpenGL reads the result.
 * Drivers that offer the extension have failed at each of these steps, with errors and with crashes that Java cannot catch.
 * Therefore a child process runs the test first, on a surface of the same kind. Its result is cached until the device, a driver
 * or the program changes.
 */
final class SharingSelfTest {
    /** Kind of cache entry: one byte, 1 if the device shares memory, otherwise 0. */
    static final String KIND = "sharing";
    static final List<Source> SOURCES = List.of(Source.of("sharing.cl"));
    static final List<String> OPTIONS = List.of(Source.STANDARD);

    private static final Logger LOG = LoggerFactory.getLogger(SharingSelfTest.class);

    /** Pattern of the system properties passed to the child, since the result may depend on them. */
    private static final String PROPERTIES =
            "(org\\.lwjgl|iadb)\\..*|IADB_.*|java\\.(awt\\.headless|io\\.tmpdir|library\\.path)|user\\.home";
    // exit codes that neither a crash nor Java produces
    private static final int SHARES = 71;
    private static final int DOES_NOT_SHARE = 72;
    private static final int POINTS = 1021; // odd, to detect a driver that rounds sizes
    private static final int WORDS = 2 * POINTS;

    private SharingSelfTest() { }

    /** A child that takes longer counts as hanging. A GPU's driver may need seconds to start. */
    static Duration childLimit(Device device) {
        return Duration.ofSeconds(device.type() == Device.Type.GPU ? 15 : 6);
    }

    /** Whether the test passed in a child process, now or in an earlier run of the program. */
    static boolean passesInChild(Surface surface, Device device, Duration limit) {
        UserCache cache = UserCache.of(KIND);
        String key = UserCache.key(Stream.of(List.of(BuildVersion.text(), kind(surface)), device.identity(), OpenGl.identity())
                .flatMap(List::stream).toList());
        Optional<byte[]> cached = cache.load(key).filter(result -> result.length == 1 && (result[0] & ~1) == 0);
        if (cached.isPresent()) {
            boolean shares = cached.get()[0] == 1;
            LOG.debug("{} {} in an earlier self-test", device, shares ? "shared with OpenGL" : "did not share with OpenGL");
            return shares;
        }
        Optional<Boolean> result = runChild(command(kind(surface), device), device, limit);
        result.ifPresent(shares -> cache.store(key, new byte[] {(byte) (shares ? 1 : 0)}));
        return result.orElse(false);
    }

    private static String kind(Surface surface) { return surface instanceof EglSurface ? "offscreen" : "window"; }

    /** Runs the child process; empty if it did not run to an end, so that the result must not be cached. */
    private static Optional<Boolean> runChild(List<String> command, Device device, Duration limit) {
        long start = System.nanoTime();
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(Redirect.DISCARD)
                .redirectError(LOG.isDebugEnabled() ? Redirect.INHERIT : Redirect.DISCARD);
        Process child = null;
        try {
            child = builder.start();
            child.getOutputStream().close();
            if (!child.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("the self-test of sharing {} with OpenGL did not end within {} s", device, limit.toSeconds());
                return Optional.empty();
            }
            int code = child.exitValue();
            LOG.debug("the self-test of sharing {} with OpenGL took {} ms: {}", device,
                    (System.nanoTime() - start) / 1_000_000, code == SHARES ? "it shares"
                            : code == DOES_NOT_SHARE ? "it does not share" : "the process crashed with exit code " + code);
            return Optional.of(code == SHARES);
        } catch (IOException e) {
            LOG.debug("cannot start the self-test of sharing {} with OpenGL: {}", device, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (child != null) {
                child.destroyForcibly();
            }
        }
        return Optional.empty();
    }

    /** Runs {@link #main} in this Java with this process's properties, with options for a quick start. */
    private static List<String> command(String kind, Device device) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "-XX:+SuppressFatalErrorMessage", "-XX:-CreateCoredumpOnCrash")); // a crash is an expected result
        Set<String> settings = new TreeSet<>(System.getProperties().stringPropertyNames());
        settings.removeIf(name -> !name.matches(PROPERTIES));
        settings.forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), SharingSelfTest.class.getName(), kind,
                Integer.toString(device.index()), device.toString()));
        return command;
    }

    /** The child process. Arguments: kind of surface, index and text of the device. */
    public static void main(String[] arguments) {
        int code = DOES_NOT_SHARE;
        try (Surface surface = arguments[0].equals("offscreen") ? EglSurface.open(64, 64) : GlfwSurface.openHidden()) {
            Device device = Device.select(arguments[1]);
            if (!device.toString().equals(arguments[2])) {
                throw new IllegalStateException("device " + arguments[1] + " is " + device + ", not " + arguments[2]);
            }
            SharingSelfTest.open(surface, device).close();
            code = SHARES;
        } catch (RuntimeException | LinkageError e) {
            System.err.println("self-test: " + e.getMessage());
        }
        System.exit(code);
    }

    /**
     * Opens a context, owned by the caller, that shares memory with the OpenGL context of {@code surface}, and tests it.
     *
     * @throws OpenClException when the test fails
     */
    static Context open(Surface surface, Device device) {
        Context context = Context.open(device, surface.sharingProperties());
        try {
            test(context);
            return context;
        } catch (RuntimeException e) {
            context.close();
            throw e;
        }
    }

    private static void test(Context context) {
        int[] words = new int[WORDS];
        for (int i = 0; i < WORDS; i++) {
            words[i] = i * 0x9E3779B9; // all different
        }
        try (PointBuffer points = new PointBuffer(context, true, POINTS);
                Program program = context.build(SOURCES, OPTIONS);
                Kernel kernel = program.kernel("change_words")) {
            glBindBuffer(GL_COPY_WRITE_BUFFER, points.glBuffer());
            glBufferSubData(GL_COPY_WRITE_BUFFER, 0, words);
            for (int turn = 1; turn <= 2; turn++) { // the second starts with the result of the first
                DeviceBuffer shared = points.acquire();
                context.enqueue(kernel.set("words", shared).set("count", WORDS), WORDS, 1);
                points.publish();
                for (int i = 0; i < WORDS; i++) {
                    words[i] = words[i] * 31 + i;
                }
                int[] seen = new int[WORDS];
                glGetBufferSubData(GL_COPY_WRITE_BUFFER, 0, seen);
                if (!Arrays.equals(words, seen)) {
                    throw new OpenClException("OpenGL does not see what a kernel wrote into a shared buffer on "
                            + context.device());
                }
            }
            glBindBuffer(GL_COPY_WRITE_BUFFER, 0);
            OpenGl.check("reading a shared buffer");
        }
    }
}
