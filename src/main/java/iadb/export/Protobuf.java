package iadb.export;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A message of Protocol Buffers, field by field, in the wire format that has not changed since 2008. ONNX needs two of its six kinds
 * of fields; a library with ONNX's classes would take 2.3 MB.
 */
final class Protobuf {
    private static final int VARINT = 0;
    private static final int BYTES = 2;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** An integer, at least 0, or an enumeration's number. */
    Protobuf put(int field, long value) {
        varint(field << 3 | VARINT);
        varint(value);
        return this;
    }

    Protobuf put(int field, byte[] value) {
        varint(field << 3 | BYTES);
        varint(value.length);
        out.writeBytes(value);
        return this;
    }

    Protobuf put(int field, String value) { return put(field, value.getBytes(StandardCharsets.UTF_8)); }

    Protobuf put(int field, Protobuf message) { return put(field, message.bytes()); }

    byte[] bytes() { return out.toByteArray(); }

    /** Seven bits a byte, the lowest first; the eighth says that more follow. */
    private void varint(long value) {
        long rest = value;
        for (; rest > 0x7f; rest >>>= 7) {
            out.write((int) (rest & 0x7f | 0x80));
        }
        out.write((int) rest);
    }
}
