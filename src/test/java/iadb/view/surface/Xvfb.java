package iadb.view.surface;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;

/** An X server without a screen, on a free display number. */
public final class Xvfb implements AutoCloseable {
    public static final int WIDTH = 1024;
    public static final int HEIGHT = 768;

    private final Process server;
    private final String display;

    public Xvfb() throws IOException {
        server = new ProcessBuilder("Xvfb", "-displayfd", "1", "-screen", "0", WIDTH + "x" + HEIGHT + "x24",
                "-nolisten", "tcp", "-noreset").redirectError(ProcessBuilder.Redirect.DISCARD).start();
        // without -noreset it restarts after its last client, and refuses clients meanwhile
        // it prints the number when it is ready
        String number = server.inputReader().readLine();
        assertTrue(number != null, "Xvfb starts");
        display = ":" + number.strip();
    }

    /** The environment of a process that uses this server instead of the desktop's. */
    public Map<String, String> environment() {
        return Map.of("DISPLAY", display, "WAYLAND_DISPLAY", "", "XDG_SESSION_TYPE", "x11");
    }

    @Override
    public void close() {
        server.destroy();
    }
}
