package iadb.file;

import com.google.gson.stream.JsonWriter;
import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Named float32 arrays and some strings in one file, in Hugging Face's safetensors format: 8 bytes of header length, a JSON
 * header, the data. PyTorch can load such a file, which cannot contain code. The same contents give the same bytes: metadata is
 * sorted by key, tensors keep their order.
 */
public final class Safetensors {
    static final String METADATA_KEY = "__metadata__";
    static final int LENGTH_BYTES = 8;

    private static final int ALIGNMENT = 8;

    private Safetensors() { }

    /**
     * A named array; nothing is copied.
     *
     * @param shape the length of each axis; empty for a single number
     * @param data  the elements, the last axis fastest; as many as the product of the shape
     */
    public record Tensor(String name, int[] shape, float[] data) { }

    /**
     * What a file holds.
     *
     * @param tensors  by name, in the file's order
     * @param metadata by key, in the file's order
     */
    public record Contents(Map<String, Tensor> tensors, Map<String, String> metadata) { }

    /**
     * Writes a file; an earlier one is replaced only when the new content is complete and on the disk.
     *
     * @throws IllegalArgumentException if two tensors share a name, a shape does not fit its data, or a value is NaN or
     *                                  infinite: such a file could not be read back
     */
    public static void write(Path target, List<Tensor> tensors, Map<String, String> metadata) throws IOException {
        Set<String> names = new HashSet<>(Set.of(METADATA_KEY));
        for (Tensor tensor : tensors) {
            check(tensor);
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException("the name '" + tensor.name() + "' is taken");
            }
        }
        byte[] header = header(tensors, metadata);
        AtomicFile.writeDurably(target, out -> {
            out.write(ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
            out.write(header);
            for (Tensor tensor : tensors) {
                NpyWriter.writeFloats(out, tensor.data());
            }
        });
    }

    /**
     * Reads a whole file after checking all of it.
     *
     * @throws InvalidInputException if the file is missing, unreadable, damaged, or holds anything but finite float32
     *                               tensors that fill it exactly
     */
    public static Contents read(Path file) { return new SafetensorsReader(file).read(); }

    private static void check(Tensor tensor) {
        long elements = 1;
        for (int length : tensor.shape()) {
            elements = length < 0 ? -1 : Math.multiplyExact(elements, length);
        }
        if (elements != tensor.data().length) {
            throw new IllegalArgumentException("'%s' has shape %s, but %s elements".formatted(tensor.name(),
                    Arrays.toString(tensor.shape()), tensor.data().length));
        }
        for (float value : tensor.data()) {
            if (!Float.isFinite(value)) {
                throw new IllegalArgumentException("'" + tensor.name() + "' holds " + value);
            }
        }
    }

    /** The JSON header, padded with blanks so that the data starts at a multiple of 8 bytes. */
    private static byte[] header(List<Tensor> tensors, Map<String, String> metadata) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonWriter json = new JsonWriter(text)) {
            json.beginObject();
            if (!metadata.isEmpty()) {
                json.name(METADATA_KEY).beginObject();
                for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
                    json.name(entry.getKey()).value(Objects.requireNonNull(entry.getValue(), entry.getKey()));
                }
                json.endObject();
            }
            long offset = 0;
            for (Tensor tensor : tensors) {
                long end = offset + (long) Float.BYTES * tensor.data().length;
                json.name(tensor.name()).beginObject().name("dtype").value("F32").name("shape").beginArray();
                for (int length : tensor.shape()) {
                    json.value(length);
                }
                json.endArray().name("data_offsets").beginArray().value(offset).value(end).endArray().endObject();
                offset = end;
            }
            json.endObject();
        }
        byte[] header = text.toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(header, (header.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(padded, header.length, padded.length, (byte) ' ');
        return padded;
    }
}
