package iadb.view.interop;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.OpenClException;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.view.surface.EglSurface;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import java.util.List;

/** Misuses a shared buffer in every way that the layer detects. {@link InteropTest} starts it and reads the reports. */
final class MisuseRun {
    private static final int WORDS = 16;

    private MisuseRun() { }

    public static void main(String[] arguments) throws InterruptedException {
        Device device = Device.all().get(0);
        try (Surface surface = EglSurface.open(16, 16);
                Context context = Context.open(device, surface.sharingProperties());
                Context another = Context.open(device, surface.sharingProperties());
                Context plain = Context.open(device)) {
            int glBuffer = OpenGl.createBuffer(WORDS * Integer.BYTES);
            try (DeviceBuffer own = context.zeros(WORDS * Integer.BYTES);
                    DeviceBuffer shared = context.fromGl(glBuffer, own.bytes());
                    Program program = context.build(List.of(Source.of("sharing.cl")), List.of());
                    Kernel kernel = program.kernel("change_words")) {
                kernel.set("words", shared).set("count", WORDS);
                refused(() -> context.enqueue(kernel, WORDS, 1));
                refused(() -> shared.read(new float[WORDS]));
                refused(() -> shared.write(new float[WORDS]));
                refused(() -> context.copy(shared, 0, own, 0, own.bytes()));
                refused(() -> context.copy(own, 0, shared, 0, own.bytes()));
                refused(() -> context.release(shared));
                refused(() -> another.acquire(shared));
                refused(() -> plain.fromGl(glBuffer, own.bytes()));
                refused(() -> context.fromGl(glBuffer + 1000, own.bytes()));
                Thread thread = new Thread(() -> refused(() -> context.acquire(shared)));
                thread.start();
                thread.join();
                context.acquire(shared);
                refused(() -> context.acquire(shared));
                context.enqueue(kernel, WORDS, 1);
                context.finish(); // a running launch holds a reference, and only the last release is checked
                System.out.println("used=true");
            } // closed while it is acquired
        }
    }

    private static void refused(Runnable misuse) {
        try {
            misuse.run();
            System.out.println("a misuse was not refused");
        } catch (OpenClException e) {
            // expected
        }
    }
}
