package iadb.cl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Contexts of several threads on one OpenCL context, on every device. */
class SiblingTest {
    private static final Source SCALE = new Source("scale.cl",
            "kernel void scale(global float *x) { x[get_global_id(0)] *= FACTOR; }\n");

    private static float scaled(Context context, int factor) {
        try (Program program = context.build(List.of(SCALE), List.of(Source.STANDARD, "-DFACTOR=" + factor + ".0f"));
                Kernel kernel = program.kernel("scale");
                DeviceBuffer x = context.buffer(new float[] {2})) {
            context.enqueue(kernel.set("x", x), 1, 1);
            return x.read(new float[1])[0];
        }
    }

    @Test
    void threadsBuildAndRunSideBySide() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device, UserCache.off())) {
                List<CompletableFuture<Float>> results = IntStream.range(1, 9).mapToObj(i -> CompletableFuture.supplyAsync(() -> {
                    try (Context sibling = context.sibling()) {
                        return scaled(sibling, (i + 1) / 2); // each program is asked for twice
                    }
                })).toList();
                assertEquals(10, scaled(context, 5));
                assertArrayEquals(new Float[] {2f, 2f, 4f, 4f, 6f, 6f, 8f, 8f},
                        results.stream().map(CompletableFuture::join).toArray(Float[]::new));
            }
        }
    }

    @Test
    void programsOutliveTheContextThatBuiltThem() {
        Device device = Device.all().get(0);
        Context context = Context.open(device, UserCache.off());
        Context sibling = context.sibling();
        assertEquals(6, scaled(sibling, 3));
        context.close();
        try (sibling) {
            assertEquals(6, scaled(sibling, 3));
        }
    }
}
