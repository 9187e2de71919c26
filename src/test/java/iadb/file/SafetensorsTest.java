package iadb.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files have the format's bytes and are read back unchanged. */
class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void readsBackWhatWasWritten() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Map<String, String> metadata = Map.of("seed", "7", "text", "α \"quoted\"\n<line>");
        Safetensors.write(file, List.of(
                new Safetensors.Tensor("z.weight", new int[] {2, 3}, new float[] {1, -2, 3.5f, -0f, 1e-40f, 3e38f}),
                new Safetensors.Tensor("empty", new int[] {0, 5}, new float[0]),
                new Safetensors.Tensor("a.scalar", new int[0], new float[] {42})), metadata);
        Safetensors.Contents contents = Safetensors.read(file);
        assertEquals(metadata, contents.metadata());
        assertEquals(List.of("z.weight", "empty", "a.scalar"), List.copyOf(contents.tensors().keySet()));
        assertArrayEquals(new int[] {2, 3}, contents.tensors().get("z.weight").shape());
        assertArrayEquals(new float[] {1, -2, 3.5f, -0f, 1e-40f, 3e38f}, contents.tensors().get("z.weight").data());
        assertArrayEquals(new int[] {0, 5}, contents.tensors().get("empty").shape());
        assertArrayEquals(new float[] {42}, contents.tensors().get("a.scalar").data());
    }

    @Test
    void writesTheFormatWithMetadataSortedAndDataAligned() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("b", "2");
        metadata.put("a", "1");
        Safetensors.write(file, List.of(new Safetensors.Tensor("w", new int[] {1, 2}, new float[] {1, 2})), metadata);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[(int) bytes.getLong()];
        bytes.get(header);
        assertEquals("{\"__metadata__\":{\"a\":\"1\",\"b\":\"2\"},"
                + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}",
                new String(header, StandardCharsets.UTF_8).stripTrailing());
        assertEquals(0, bytes.position() % 8);
        assertEquals(8, bytes.remaining());
        assertEquals(1f, bytes.getFloat());
        assertEquals(2f, bytes.getFloat());
    }

    @Test
    void savesTheSameContentsToTheSameBytes() throws IOException {
        Path first = folder.resolve("1");
        Path second = folder.resolve("2");
        List<Safetensors.Tensor> tensors = List.of(new Safetensors.Tensor("w", new int[] {1}, new float[] {1}));
        Map<String, String> backwards = new LinkedHashMap<>();
        backwards.put("b", "2");
        backwards.put("a", "1");
        Map<String, String> forwards = new LinkedHashMap<>();
        forwards.put("a", "1");
        forwards.put("b", "2");
        Safetensors.write(first, tensors, backwards);
        Safetensors.write(second, tensors, forwards);
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
    }

    @Test
    void refusesToWriteWhatCouldNotBeRead() throws IOException {
        Safetensors.Tensor good = new Safetensors.Tensor("w", new int[] {1}, new float[1]);
        assertRefused(good, good);
        assertRefused(new Safetensors.Tensor("w", new int[] {2}, new float[1]));
        assertRefused(new Safetensors.Tensor("w", new int[] {1}, new float[] {Float.NaN}));
        assertRefused(new Safetensors.Tensor("__metadata__", new int[] {1}, new float[1]));
        Map<String, String> metadata = new HashMap<>();
        metadata.put("p0", null);
        assertThrows(NullPointerException.class, () -> Safetensors.write(folder.resolve("refused"), List.of(good), metadata));
        try (var files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    private void assertRefused(Safetensors.Tensor... tensors) {
        Path file = folder.resolve("refused");
        assertThrows(IllegalArgumentException.class, () -> Safetensors.write(file, List.of(tensors), Map.of()));
    }
}
