package iadb.view.interop;

import iadb.cl.Device;
import iadb.cl.UserCache;
import iadb.file.BuildVersion;
import iadb.view.surface.EglSurface;
import iadb.view.surface.GlFunctions;
import iadb.view.surface.GlfwSurface;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a child process whether a device shares memory with OpenGL here: it goes through {@link SharingSelfTest} with a
 * surface of the same kind, and if the driver ends it, the window is still there. The answer is kept for as long as
 * device, drivers and program stay the same.
 */
final class SharingProbe {
    /** Of the cache: its entries are one byte, 1 for yes and 0 for no. */
    static final String KIND = "sharing";

    /** Names of the system properties that the child gets: what its answer may depend on. */
    private static final String SETTINGS =
            "(org\\.lwjgl|iadb)\\..*|IADB_.*|java\\.(awt\\.headless|io\\.tmpdir|library\\.path)|user\\.home";

    private static final Logger LOG = LoggerFactory.getLogger(SharingProbe.class);
    // exit codes that no crash and no failure of Java's gives
    private static final int YES = 71;
    private static final int NO = 72;

    private SharingProbe() {
    }

    /** A child that takes longer, a driver that hangs among them, means no. A GPU's driver may take seconds to start. */
    static Duration limit(Device device) {
        return Duration.ofSeconds(device.type() == Device.Type.GPU ? 15 : 6);
    }

    /** Whether the device is seen to share memory with OpenGL, in a child process or in that of an earlier run. */
    static boolean says(Surface surface, Device device, Duration limit) {
        UserCache cache = UserCache.of(KIND);
        List<String> parts = new ArrayList<>(List.of(BuildVersion.text(), kind(surface)));
        parts.addAll(device.identity());
        parts.addAll(Arrays.asList(GlFunctions.identity()));
        String key = UserCache.key(parts);
        Optional<byte[]> known = cache.load(key).filter(answer -> answer.length == 1 && (answer[0] & ~1) == 0);
        if (known.isPresent()) {
            boolean shares = known.get()[0] == 1;
            LOG.debug("{} {} in an earlier trial", device, shares ? "shared with OpenGL" : "did not share with OpenGL");
            return shares;
        }
        Optional<Boolean> answer = ask(command(kind(surface), device), device, limit);
        answer.ifPresent(shares -> cache.store(key, new byte[] {(byte) (shares ? 1 : 0)}));
        return answer.orElse(false);
    }

    private static String kind(Surface surface) {
        return surface instanceof EglSurface ? "offscreen" : "window";
    }

    /** Runs the child; empty when it says nothing that would hold next time. */
    private static Optional<Boolean> ask(List<String> command, Device device, Duration limit) {
        long start = System.nanoTime();
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(Redirect.DISCARD)
                .redirectError(LOG.isDebugEnabled() ? Redirect.INHERIT : Redirect.DISCARD);
        Process child = null;
        try {
            child = builder.start();
            child.getOutputStream().close();
            if (!child.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("the trial of sharing {} with OpenGL does not end within {} s", device, limit.toSeconds());
                return Optional.empty();
            }
            int code = child.exitValue();
            LOG.debug("the trial of sharing {} with OpenGL took {} ms: {}", device,
                    (System.nanoTime() - start) / 1_000_000, code == YES ? "it shares"
                            : code == NO ? "it does not share" : "the driver ended it with code " + code);
            return Optional.of(code == YES);
        } catch (IOException e) {
            LOG.debug("no trial of sharing {} with OpenGL: {}", device, e.getMessage());
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            if (child != null) {
                child.destroyForcibly();
            }
        }
    }

    /** This program's own Java with its settings, quick to start. */
    private static List<String> command(String kind, Device device) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "-XX:+SuppressFatalErrorMessage", "-XX:-CreateCoredumpOnCrash")); // a crash is an answer, not a fault
        Set<String> settings = new TreeSet<>(System.getProperties().stringPropertyNames());
        settings.removeIf(name -> !name.matches(SETTINGS));
        settings.forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), SharingProbe.class.getName(), kind,
                Integer.toString(device.index()), device.toString()));
        return command;
    }

    /** The child. Arguments: kind of surface, index and text of the device. */
    public static void main(String[] arguments) {
        int code = NO;
        try (Surface surface = arguments[0].equals("offscreen") ? EglSurface.open(64, 64) : GlfwSurface.openHidden()) {
            Device device = Device.select(arguments[1]);
            if (!device.toString().equals(arguments[2])) {
                throw new IllegalStateException("device " + arguments[1] + " is " + device + ", not " + arguments[2]);
            }
            SharingSelfTest.open(surface, device).close();
            code = YES;
        } catch (RuntimeException | LinkageError e) {
            System.err.println("trial: " + e.getMessage());
        }
        System.exit(code);
    }
}
