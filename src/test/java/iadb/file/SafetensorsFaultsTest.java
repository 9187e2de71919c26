package iadb.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading any file gives its contents or one line that names the file and the fault. */
class SafetensorsFaultsTest {
    private static final String TENSOR = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";

    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("model.safetensors");
    }

    @Test
    void everyTruncationIsAFault() throws IOException {
        byte[] whole = smallFile();
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            fault();
        }
    }

    @Test
    void flippedBytesAreReadOrAreAFault() throws IOException {
        byte[] whole = smallFile();
        Random random = new Random(5);
        for (int trial = 0; trial < 2000; trial++) {
            byte[] bytes = whole.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
            }
            Files.write(file, bytes);
            try {
                Safetensors.read(file);
            } catch (InvalidInputException e) {
                assertIsOneLine(e);
            }
        }
    }

    @Test
    void aTruncationSaysWhatIsMissing() throws IOException {
        Safetensors.write(file, List.of(new Safetensors.Tensor("w", new int[] {12866}, new float[12866])), Map.of());
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 51464 + 1000));
        assertEquals(file + ": the file is truncated (header says 51,464 bytes of data, the file has 1,000)",
                fault().getMessage());
    }

    @Test
    void bytesBehindTheDataAreAFault() throws IOException {
        byte[] whole = smallFile();
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertTrue(fault().getMessage().contains("too long"));
    }

    @Test
    void aMissingFileAndAFolderAreFaults() throws IOException {
        assertTrue(fault().getMessage().endsWith(": no such file"));
        Files.createDirectory(file);
        assertTrue(fault().getMessage().contains("folder"));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001, 9, 0, 1})
    void aFalseHeaderLengthIsAFault(long length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        Files.write(file, bytes.array());
        fault();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "[]", "{", "{}x", "{} {}", "{'w':1}", "{\"w\":1}", "{\"w\":null}", "{\"w\":[]}", "{\"w\":{}}",
        "{\"w\":" + TENSOR + ",}",
        "{\"w\":" + TENSOR + ",\"w\":" + TENSOR + "}",
        "{\"w\":" + TENSOR + ",\"v\":" + TENSOR + "}",
        "{\"__metadata__\":{},\"__metadata__\":{},\"w\":" + TENSOR + "}",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"},\"w\":" + TENSOR + "}",
        "{\"__metadata__\":{\"a\":1},\"w\":" + TENSOR + "}",
        "{\"__metadata__\":{\"a\":{\"b\":\"c\"}},\"w\":" + TENSOR + "}",
        "{\"__metadata__\":\"a\",\"w\":" + TENSOR + "}",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[65536,65536,65536,65536],\"data_offsets\":[0,0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[536870912],\"data_offsets\":[0,2147483648]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[2,2]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,99999999999999999999]}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"extra\":1}}",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"line\\nbreak\\u2028\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"tab\tinside\":" + TENSOR + "}", "{\"w\":" + TENSOR + "} // comment", "{\"w\":" + TENSOR + "}\0",
    })
    void aFalseHeaderIsAFault(String header) throws IOException {
        writeFile(header.getBytes(StandardCharsets.UTF_8), 4);
        fault();
    }

    @Test
    void aHeaderThatIsNotUtf8IsAFault() throws IOException {
        byte[] header = ("{\"?\":" + TENSOR + "}").getBytes(StandardCharsets.UTF_8);
        header[2] = (byte) 0xC0;
        writeFile(header, 4);
        assertTrue(fault().getMessage().contains("UTF-8"));
    }

    @Test
    void deepNestingIsAFault() throws IOException {
        String metadata = "{\"__metadata__\":{\"a\":";
        for (String start : List.of("{\"w\":", "{\"w\":{\"shape\":", "{\"w\":{\"dtype\":", metadata)) {
            for (String deeper : List.of("[", "{\"a\":")) {
                writeFile((start + deeper.repeat(1_000_000)).getBytes(StandardCharsets.UTF_8), 4);
                fault();
            }
        }
    }

    @Test
    void valuesThatAreNotFiniteAreAFault() throws IOException {
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            writeFile(("{\"w\":" + TENSOR + "}").getBytes(StandardCharsets.UTF_8), 4);
            byte[] bytes = Files.readAllBytes(file);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 4, value);
            Files.write(file, bytes);
            assertTrue(fault().getMessage().contains("finite"));
        }
    }

    private byte[] smallFile() throws IOException {
        Safetensors.write(file, List.of(
                new Safetensors.Tensor("w", new int[] {2, 2}, new float[] {1, 2, 3, 4}),
                new Safetensors.Tensor("b", new int[] {2}, new float[] {5, 6})), Map.of("seed", "0", "p0", "gaussian"));
        return Files.readAllBytes(file);
    }

    private void writeFile(byte[] header, int dataBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, bytes.putLong(header.length).put(header).array());
    }

    private InvalidInputException fault() {
        InvalidInputException fault = assertThrows(InvalidInputException.class, () -> Safetensors.read(file));
        assertIsOneLine(fault);
        return fault;
    }

    private void assertIsOneLine(InvalidInputException fault) {
        assertTrue(fault.getMessage().startsWith(file + ": "));
        assertFalse(fault.getMessage().substring(file.toString().length()).matches("(?s).*[\\p{Cntrl}\u2028\u2029].*"),
                fault.getMessage());
        assertTrue(fault.getMessage().length() < file.toString().length() + 400);
    }
}
