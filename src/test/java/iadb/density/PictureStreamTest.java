package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.junit.jupiter.api.Test;

class PictureStreamTest {
    @Test
    void theRemainingBytesAreReadFromAnyPosition() throws IOException {
        Random random = new Random(9);
        for (int trial = 0; trial < 200; trial++) {
            byte[] whole = new byte[random.nextInt(60)];
            random.nextBytes(whole);
            try (var source = new MemoryCacheImageInputStream(new ByteArrayInputStream(whole));
                    var stream = new PictureStream(source)) {
                var left = new ByteArrayOutputStream();
                int at = 0;
                while (at < whole.length) {
                    int from = Math.min(whole.length, at + random.nextInt(8));
                    int to = Math.min(whole.length, from + random.nextInt(8));
                    left.write(whole, at, from - at);
                    stream.omit(from, to);
                    at = to;
                }
                byte[] expected = left.toByteArray();
                byte[] read = new byte[expected.length];
                stream.readFully(read);
                assertArrayEquals(expected, read);
                assertEquals(-1, stream.read());
                assertEquals(0, stream.read(read, 0, 0));
                for (int k = 0; k < 20 && expected.length > 0; k++) {
                    int start = random.nextInt(expected.length);
                    stream.seek(start);
                    byte[] some = new byte[1 + random.nextInt(expected.length - start)];
                    stream.readFully(some);
                    assertArrayEquals(Arrays.copyOfRange(expected, start, start + some.length), some);
                    assertEquals(start + some.length, stream.getStreamPosition());
                }
            }
        }
    }

    @Test
    void numbersAcrossTheBuffersAndTheOmittedRangesAreWhole() throws IOException {
        byte[] whole = new byte[100_000];
        new Random(10).nextBytes(whole);
        for (int skipped : new int[] {0, 1, 2, 3}) {
            try (var source = new MemoryCacheImageInputStream(new ByteArrayInputStream(whole));
                    var stream = new PictureStream(source)) {
                stream.omit(skipped, 10); // within the first number unless there is nothing before it
                stream.omit(50_000, 60_001);
                var left = new ByteArrayOutputStream();
                left.write(whole, 0, skipped);
                left.write(whole, 10, 49_990);
                left.write(whole, 60_001, 39_999);
                ByteBuffer expected = ByteBuffer.wrap(left.toByteArray());
                while (expected.remaining() >= 6) {
                    assertEquals(expected.getInt(), stream.readInt());
                    assertEquals(expected.getShort(), stream.readShort());
                }
            }
        }
    }
}
