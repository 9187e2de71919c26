package iadb.view.surface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.ChildRun;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A window on an X server of the test, a framebuffer without a display, and clear messages if neither can be opened. */
class SurfaceTest {
    private static final Map<String, String> NO_DISPLAY =
            Map.of("DISPLAY", "", "WAYLAND_DISPLAY", "", "XDG_SESSION_TYPE", "", "XDG_RUNTIME_DIR", "");

    private static ChildRun run(String surface, Map<String, String> environment)
            throws IOException, InterruptedException {
        ChildRun run = ChildRun.of(SurfaceRun.class.getName(), environment, surface);
        assertEquals(0, run.code(), run.out() + run.err());
        return run;
    }

    @Test
    void windowOpensFillsTheScreenIsRestoredAndCloses() throws IOException, InterruptedException {
        try (Xvfb server = new Xvfb()) {
            ChildRun run = run("window", server.environment());
            assertEquals("320x240 scale 1.0", run.fact("size"));
            assertEquals("4", run.fact("properties"), "a GLX context and its display");
            assertEquals("ff0033ff", run.fact("corner"));
            assertEquals("true " + Xvfb.WIDTH + "x" + Xvfb.HEIGHT, run.fact("fullscreen"));
            assertEquals("true", run.fact("restored"));
            assertEquals("false", run.fact("closing"));
            assertEquals("true", run.fact("closed"));
            assertEquals("0", run.fact("glError"));
            assertEquals("64", run.fact("again"));
        }
    }

    @Test
    void framebufferNeedsNoDisplay() throws IOException, InterruptedException {
        ChildRun run = run("offscreen", NO_DISPLAY);
        assertEquals("320x240 scale 1.0", run.fact("size"));
        assertEquals("4", run.fact("properties"), "an EGL context and its display");
        assertEquals("ff0033ff", run.fact("corner"));
        assertEquals("0", run.fact("glError"));
        assertEquals("64", run.fact("again"));
    }

    @Test
    void noDisplayIsRefusedInOneLine() throws IOException, InterruptedException {
        ChildRun run = run("window", NO_DISPLAY);
        assertEquals(1, run.out().lines().count(), run.out());
        assertTrue(run.fact("refused").matches("no window: .+"), run.fact("refused"));
        assertEquals("", run.err());
    }

    @Test
    void olderOpenGlIsRefusedByItsVersion() throws IOException, InterruptedException {
        try (Xvfb server = new Xvfb()) {
            Map<String, String> old = new HashMap<>(server.environment());
            old.put("MESA_GL_VERSION_OVERRIDE", "2.1");
            ChildRun run = run("window", old);
            assertTrue(run.fact("refused").matches("no window: .*3\\.3.*"), run.fact("refused"));
        }
    }

    @Test
    void missingEglNamesItsPackages() throws IOException, InterruptedException {
        Map<String, String> none = new HashMap<>(NO_DISPLAY);
        none.put("__EGL_VENDOR_LIBRARY_FILENAMES", "/nowhere.json");
        ChildRun run = run("offscreen", none);
        assertTrue(run.fact("refused").matches("no OpenGL without a display: .*libegl1.*"), run.fact("refused"));
    }
}
