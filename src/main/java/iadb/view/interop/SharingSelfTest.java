package iadb.view.interop;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.OpenClException;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import java.util.Arrays;
import java.util.List;

/**
 * Checks that OpenCL and OpenGL use the same memory: OpenGL fills it, a kernel changes every word, OpenGL reads the result. Drivers
 * that offer the extension have failed at each of these steps, with errors and with crashes that Java cannot catch: so
 * {@link SharingProbe} runs it in a child process first.
 */
final class SharingSelfTest {
    static final List<Source> SOURCES = List.of(Source.of("sharing.cl"));
    static final List<String> OPTIONS = List.of(Source.STANDARD);

    private static final int POINTS = 1021; // odd, so that a driver that rounds sizes is caught
    private static final int WORDS = 2 * POINTS;

    private SharingSelfTest() { }

    /**
     * Opens a context on {@code device}, owned by the caller, that shares memory with the OpenGL context of {@code surface}.
     *
     * @throws OpenClException when the test fails
     */
    static Context open(Surface surface, Device device) {
        Context context = Context.open(device, surface.sharingProperties());
        try {
            run(context);
            return context;
        } catch (RuntimeException e) {
            context.close();
            throw e;
        }
    }

    private static void run(Context context) {
        int[] words = new int[WORDS];
        for (int i = 0; i < WORDS; i++) {
            words[i] = i * 0x9E3779B9; // all different
        }
        try (PointBuffer points = new PointBuffer(context, true, POINTS);
                Program program = context.build(SOURCES, OPTIONS);
                Kernel kernel = program.kernel("change_words")) {
            glBindBuffer(GL_COPY_WRITE_BUFFER, points.glBuffer());
            glBufferSubData(GL_COPY_WRITE_BUFFER, 0, words);
            for (int turn = 1; turn <= 2; turn++) { // the second continues from the result of the first
                DeviceBuffer view = points.acquire();
                context.enqueue(kernel.set("words", view).set("count", WORDS), WORDS, 1);
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
