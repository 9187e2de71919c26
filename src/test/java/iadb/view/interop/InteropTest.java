package iadb.view.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.ChildRun;
import iadb.cl.Fence;
import iadb.model.NetworkShape;
import iadb.tools.BuiltProgram;
import iadb.view.surface.Xvfb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Points reach OpenGL unchanged, shared or copied, and no driver crashes the program. Sharing is tested on a layer that emulates
 * it ({@link SharingLayer}), since no CPU driver offers it; the sharing of a GPU is not tested here.
 */
class InteropTest {
    private static final long COPIED_BYTES = 2L * InteropRun.POINTS * 2 * Float.BYTES; // published twice

    @TempDir
    private Path folder;

    private static ChildRun run(String surface, String interop, List<Map<String, String>> environments)
            throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>();
        environments.forEach(environment::putAll);
        ChildRun run = ChildRun.of(InteropRun.class.getName(), environment, surface, interop, "120");
        assertEquals(0, run.code(), run.err());
        assertEquals("true", run.fact("exact"), "OpenGL has the bits that OpenCL computes without it");
        assertEquals("0", run.fact("glError"));
        assertTrue(Integer.parseInt(run.fact("lit")) > 500, "points are visible: " + run.fact("lit"));
        assertEquals("true", run.fact("closed"));
        assertFalse(run.err().contains(SharingLayer.MISUSE), run.err());
        return run;
    }

    private static void assertShared(ChildRun run) {
        assertEquals("shared", run.fact("transfer"), run.err());
        assertEquals("0", run.fact("hostBytes"));
    }

    private static void assertCopied(ChildRun run) {
        assertEquals("copied", run.fact("transfer"), run.err());
        assertEquals(Long.toString(COPIED_BYTES), run.fact("hostBytes"));
    }

    /** {@link BuiltProgram} holds a copy, since it may not use this package. */
    @Test
    void theSelfTestBuildsTheProgramThatIsPrinted() {
        BuiltProgram.Limits limits = new BuiltProgram.Limits(48 << 10, 1024);
        BuiltProgram printed = BuiltProgram.of("gpu", NetworkShape.TUTORIAL, limits, true, Fence.NONE).stream()
                .filter(program -> program.name().equals("sharing")).findFirst().orElseThrow();
        assertEquals(SharingSelfTest.SOURCES, printed.sources());
        assertEquals(SharingSelfTest.OPTIONS, printed.options());
    }

    private Map<String, String> cache() {
        return Map.of("IADB_CL_CACHE", folder.toString());
    }

    private List<Path> results() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith("." + SharingSelfTest.KIND)).toList();
        }
    }

    private static boolean testedInAChild(ChildRun run) {
        return run.err().contains("the self-test of sharing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"offscreen", "window"})
    void sharedAndCopiedPointsAreTheSame(String surface) throws IOException, InterruptedException {
        try (Xvfb server = new Xvfb()) {
            ChildRun shared = run(surface, "auto", List.of(server.environment(), SharingLayer.environment()));
            assertShared(shared);
            assertTrue(testedInAChild(shared), shared.err());
            ChildRun copied = run(surface, "off", List.of(server.environment(), SharingLayer.environment()));
            assertCopied(copied);
            assertEquals(shared.fact("picture"), copied.fact("picture"));
        }
    }

    @Test
    void withoutTheExtensionPointsAreCopiedAndNoChildIsStarted() throws IOException, InterruptedException {
        ChildRun run = run("offscreen", "auto", List.of(Map.of("DISPLAY", "", "WAYLAND_DISPLAY", "")));
        assertCopied(run);
        assertTrue(run.err().contains("does not offer to share buffers with OpenGL"), run.err());
        assertFalse(testedInAChild(run), run.err());
    }

    @ParameterizedTest
    @CsvSource({"abort, the process crashed", "refuse, it does not share", "lose, it does not share"})
    void driverThatFailsInTheChildMeansCopying(String fault, String message) throws IOException, InterruptedException {
        List<Map<String, String>> bad = List.of(SharingLayer.environment(), Map.of("GL_SHARING_FAULT", fault), cache());
        ChildRun run = run("offscreen", "auto", bad);
        assertCopied(run);
        assertTrue(run.err().contains(message), run.err());
        ChildRun again = run("offscreen", "auto", bad);
        assertCopied(again);
        assertFalse(testedInAChild(again), "the result is cached: " + again.err());
    }

    @Test
    void driverThatHangsInTheChildMeansCopyingThisTime() throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(SharingLayer.environment());
        environment.putAll(Map.of("GL_SHARING_FAULT", "hang"));
        environment.putAll(cache());
        ChildRun run = ChildRun.of(InteropRun.class.getName(), environment, "offscreen", "auto", "2");
        assertEquals(0, run.code(), run.err());
        assertCopied(run);
        assertTrue(run.err().contains("did not end within 2 s"), run.err());
        assertEquals(List.of(), results(), "a busy machine may be fast enough next time");
    }

    @Test
    void resultOfTheChildIsCached() throws IOException, InterruptedException {
        ChildRun first = run("offscreen", "auto", List.of(SharingLayer.environment(), cache()));
        assertShared(first);
        assertTrue(testedInAChild(first));
        assertEquals(1, results().size());
        ChildRun second = run("offscreen", "auto", List.of(SharingLayer.environment(), cache()));
        assertShared(second);
        assertFalse(testedInAChild(second), second.err());
        ChildRun worse = run("offscreen", "auto",
                List.of(SharingLayer.environment(), cache(), Map.of("GL_SHARING_FAULT", "refuse")));
        assertCopied(worse);
        assertTrue(worse.err().contains("does not share with OpenGL, although the child process did"), worse.err());
    }

    @Test
    void damagedResultIsTestedAgain() throws IOException, InterruptedException {
        assertShared(run("offscreen", "auto", List.of(SharingLayer.environment(), cache())));
        byte[] entry = Files.readAllBytes(results().get(0));
        entry[entry.length - 1] ^= 1; // inverts the result
        Files.write(results().get(0), entry);
        ChildRun run = run("offscreen", "auto", List.of(SharingLayer.environment(), cache()));
        assertShared(run);
        assertTrue(testedInAChild(run), run.err());
    }

    @Test
    void layerReportsEveryMisuse() throws IOException, InterruptedException {
        ChildRun run = ChildRun.of(MisuseRun.class.getName(), SharingLayer.environment());
        assertEquals(0, run.code(), run.err());
        assertEquals("used=true", run.out().strip());
        List<String> reports = run.err().lines().filter(line -> line.startsWith(SharingLayer.MISUSE))
                .map(line -> line.substring(SharingLayer.MISUSE.length())).toList();
        assertEquals(List.of(
                "clEnqueueNDRangeKernel: uses a shared buffer that is not acquired",
                "clEnqueueReadBuffer: uses a shared buffer that is not acquired",
                "clEnqueueWriteBuffer: uses a shared buffer that is not acquired",
                "clEnqueueCopyBuffer: uses a shared buffer that is not acquired",
                "clEnqueueCopyBuffer: uses a shared buffer that is not acquired",
                "clEnqueueReleaseGLObjects: the buffer is not acquired",
                "clEnqueueAcquireGLObjects: the queue belongs to another OpenCL context",
                "clCreateFromGLBuffer: the OpenCL context was made without OpenGL's properties",
                "clCreateFromGLBuffer: no OpenGL buffer with storage has this name",
                "clEnqueueAcquireGLObjects: no OpenGL context is current on this thread",
                "clEnqueueAcquireGLObjects: the buffer is acquired already",
                "clReleaseMemObject: the shared buffer is still acquired"), reports);
    }
}
