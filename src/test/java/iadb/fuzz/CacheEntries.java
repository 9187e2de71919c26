package iadb.fuzz;

import iadb.cl.CacheAccess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/** Entries of the cache, made independently of the program from the description of the format. */
final class CacheEntries {
    /** The key of all of them. */
    static final String KEY = "0123456789abcdef".repeat(4);

    private static final int CHANGE_BYTES = 3;

    private CacheEntries() {
    }

    /** The header of a payload: magic, format, key, length, SHA-256. */
    static byte[] header(byte[] payload) {
        try {
            return ByteBuffer.allocate(CacheAccess.HEADER_BYTES).put("IADBCLBN".getBytes(StandardCharsets.US_ASCII)).putInt(1)
                    .put(HexFormat.of().parseHex(KEY)).putLong(payload.length)
                    .put(MessageDigest.getInstance("SHA-256").digest(payload)).array();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** An entry of all but three bytes of the input, of which those three change one byte: two say where, one how. */
    static byte[] changed(byte[] input) {
        if (input.length < CHANGE_BYTES) {
            return input;
        }
        byte[] payload = Arrays.copyOfRange(input, CHANGE_BYTES, input.length);
        byte[] entry = ByteBuffer.allocate(CacheAccess.HEADER_BYTES + payload.length).put(header(payload)).put(payload).array();
        entry[(ByteBuffer.wrap(input).getShort() & 0xFFFF) % entry.length] ^= input[2];
        return entry;
    }

    /** Reads an entry, and requires the whole payload if the entry is valid, and nothing otherwise. */
    static void requirePayloadOrNothing(Path file) throws IOException {
        byte[] entry = Files.readAllBytes(file);
        Optional<byte[]> payload = CacheAccess.load(file.getParent(), KEY);
        byte[] rest = Arrays.copyOfRange(entry, Math.min(entry.length, CacheAccess.HEADER_BYTES), entry.length);
        boolean right = rest.length > 0 && Arrays.equals(header(rest), Arrays.copyOf(entry, CacheAccess.HEADER_BYTES));
        if (right != payload.isPresent() || right && !Arrays.equals(rest, payload.get())) {
            throw new AssertionError("the cache " + (payload.isPresent() ? "returns what was not stored" : "does not return what was stored"));
        }
    }
}
