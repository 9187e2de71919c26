package iadb.file;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Reads one untrusted safetensors file. Lengths are checked against the file's size before memory is allocated for them, so
 * memory stays within a small multiple of that size, which is bounded. The header is strict JSON in strict UTF-8 without repeated
 * or unknown keys, read token by token so that nesting costs no stack. Tensors must fill the data without overlap or gap, and
 * values must be finite. Every fault is an {@link InvalidInputException} of one line that names the file.
 */
final class SafetensorsReader {
    private static final long MAX_HEADER_BYTES = 100_000_000; // the format's own limit
    private static final long MAX_DATA_BYTES = 1 << 30; // far above any network here
    private static final int MAX_TENSORS = 10_000;
    private static final int MAX_AXES = 16;
    private static final int CHUNK_BYTES = 1 << 16;

    private final Path file;
    private final List<Entry> entries = new ArrayList<>(); // in the header's order
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** A tensor in bytes {@code begin} to {@code end} of the data, as many as its shape needs. */
    private record Entry(String name, int[] shape, long begin, long end) { }

    SafetensorsReader(Path file) {
        this.file = file;
    }

    Safetensors.Contents read() {
        if (!Files.exists(file)) {
            throw fault("no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw fault(Files.isDirectory(file) ? "is a folder, not a safetensors file" : "is not a regular file");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return read(channel);
        } catch (OutOfMemoryError e) {
            throw fault(e, "takes more memory than Java has");
        } catch (EOFException e) {
            throw fault(e, "the file became shorter while it was read");
        } catch (IOException e) {
            throw fault(e, e instanceof AccessDeniedException ? "cannot be read: check its permissions"
                    : "cannot be read (" + e.getClass().getSimpleName() + ")");
        }
    }

    private Safetensors.Contents read(FileChannel channel) throws IOException {
        long fileBytes = channel.size();
        if (fileBytes < Safetensors.LENGTH_BYTES) {
            throw fault("the file is truncated (a safetensors file has at least 8 bytes, this one has %,d)", fileBytes);
        }
        long headerBytes = filled(channel, Safetensors.LENGTH_BYTES).getLong();
        if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
            throw fault("not a safetensors file, so no model or checkpoint (its header would have %s bytes, the limit is %,d)",
                    Long.toUnsignedString(headerBytes), MAX_HEADER_BYTES);
        }
        long dataStart = Safetensors.LENGTH_BYTES + headerBytes;
        if (dataStart > fileBytes) {
            throw fault("the file is truncated (its header should have %,d bytes, the file has %,d)", headerBytes,
                    fileBytes - Safetensors.LENGTH_BYTES);
        }
        parse(filled(channel, (int) headerBytes).array());
        checkLayout(fileBytes - dataStart);
        Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (Entry entry : entries) {
            channel.position(dataStart + entry.begin());
            tensors.put(entry.name(), new Safetensors.Tensor(entry.name(), entry.shape(), floats(channel, chunk, entry)));
        }
        return new Safetensors.Contents(tensors, metadata);
    }

    private void checkLayout(long dataBytes) {
        List<Entry> byPlace = new ArrayList<>(entries);
        byPlace.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long end = 0;
        for (Entry entry : byPlace) {
            if (entry.begin() != end) {
                throw fault("%s starts at byte %,d of the data, expected %,d: tensors may neither overlap nor leave gaps",
                        shown(entry.name()), entry.begin(), end);
            }
            end = entry.end();
        }
        if (dataBytes != end) {
            throw fault("the file is %s (header says %,d bytes of data, the file has %,d)", dataBytes < end ? "truncated" : "too long",
                    end, dataBytes);
        }
        if (dataBytes > MAX_DATA_BYTES) {
            throw fault("the file has %,d bytes of data, the limit is %,d", dataBytes, MAX_DATA_BYTES);
        }
    }

    private float[] floats(FileChannel channel, ByteBuffer chunk, Entry entry) throws IOException {
        float[] data = new float[(int) ((entry.end() - entry.begin()) / Float.BYTES)];
        for (int i = 0; i < data.length; ) {
            fill(channel, chunk.clear().limit((int) Math.min(CHUNK_BYTES, (long) Float.BYTES * (data.length - i))));
            while (chunk.hasRemaining()) {
                data[i] = chunk.getFloat();
                if (!Float.isFinite(data[i])) {
                    throw fault("%s holds %s at element %,d; every value must be finite", shown(entry.name()), data[i], i);
                }
                i++;
            }
        }
        return data;
    }

    private static ByteBuffer filled(FileChannel channel, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        fill(channel, buffer);
        return buffer;
    }

    private static void fill(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException();
            }
        }
        buffer.flip();
    }

    private void parse(byte[] header) {
        if (header.length == 0 || header[0] != '{') {
            throw fault("not a safetensors file, so no model or checkpoint (its header does not start with '{')");
        }
        try (JsonReader json = new JsonReader(
                new InputStreamReader(new ByteArrayInputStream(header), StandardCharsets.UTF_8.newDecoder()))) {
            json.setStrictness(Strictness.STRICT);
            parse(json);
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw fault("the header continues after its closing brace");
            }
        } catch (CharacterCodingException e) {
            throw fault(e, "the header is not UTF-8 text");
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                    .replaceFirst("^Use JsonReader\\.\\S+ to ", "do not "); // advice to a Java programmer
            throw fault(e, "the header is not the JSON expected (" + UntrustedText.shown(reason) + ")");
        }
    }

    private void parse(JsonReader json) throws IOException {
        Set<String> keys = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = nextKey(json, keys);
            if (key.equals(Safetensors.METADATA_KEY)) {
                parseMetadata(json);
            } else if (entries.size() < MAX_TENSORS) {
                entries.add(parseEntry(json, key));
            } else {
                throw fault("the header names more than %s tensors", MAX_TENSORS);
            }
        }
        json.endObject();
    }

    private void parseMetadata(JsonReader json) throws IOException {
        Set<String> keys = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = nextKey(json, keys);
            if (json.peek() != JsonToken.STRING) {
                throw fault("metadata '%s' is not a string", UntrustedText.shown(key));
            }
            metadata.put(key, json.nextString());
        }
        json.endObject();
    }

    private Entry parseEntry(JsonReader json, String name) throws IOException {
        String dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        Set<String> keys = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = nextKey(json, keys);
            switch (key) {
                case "dtype" -> dtype = json.nextString();
                case "shape", "data_offsets" -> {
                    List<Long> numbers = parseNumbers(json, shown(name) + ": its " + key);
                    shape = key.equals("shape") ? numbers : shape;
                    offsets = key.equals("shape") ? offsets : numbers;
                }
                default -> throw fault("%s has the unknown key '%s'", shown(name), UntrustedText.shown(key));
            }
        }
        json.endObject();
        if (dtype == null || shape == null || offsets == null) {
            throw fault("%s needs dtype, shape and data_offsets", shown(name));
        }
        if (!dtype.equals("F32")) {
            throw fault("%s has dtype '%s', only F32 can be read", shown(name), UntrustedText.shown(dtype));
        }
        if (offsets.size() != 2) {
            throw fault("%s has %s data_offsets, expected 2", shown(name), offsets.size());
        }
        checkBytes(name, shape, offsets);
        return new Entry(name, shape.stream().mapToInt(Long::intValue).toArray(), offsets.get(0), offsets.get(1));
    }

    private void checkBytes(String name, List<Long> shape, List<Long> offsets) {
        long elements = 1;
        try {
            for (long length : shape) {
                elements = Math.multiplyExact(elements, (long) Math.toIntExact(length));
            }
            elements = Math.toIntExact(elements);
        } catch (ArithmeticException e) {
            throw fault(e, shown(name) + " has a shape too large to read: " + shape);
        }
        if (offsets.get(1) - offsets.get(0) != Float.BYTES * elements) {
            throw fault("%s has shape %s, %s bytes, but its data_offsets are %s", shown(name), shape, Float.BYTES * elements, offsets);
        }
    }

    /** Whole numbers from 0 to 10¹⁸ − 1, in plain digits. */
    private List<Long> parseNumbers(JsonReader json, String what) throws IOException {
        List<Long> numbers = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            String digits = json.peek() == JsonToken.NUMBER ? json.nextString() : "";
            if (!digits.matches("[0-9]{1,18}") || numbers.size() == MAX_AXES) {
                throw fault("%s must be a list of at most %s whole numbers, each 0 or more", what, MAX_AXES);
            }
            numbers.add(Long.parseLong(digits));
        }
        json.endArray();
        return numbers;
    }

    private String nextKey(JsonReader json, Set<String> seen) throws IOException {
        String key = json.nextName();
        if (!seen.add(key)) {
            throw fault("the header has the key '%s' twice", UntrustedText.shown(key));
        }
        return key;
    }

    private static String shown(String tensor) { return "tensor '" + UntrustedText.shown(tensor) + "'"; }

    private InvalidInputException fault(String format, Object... values) {
        return fault(null, String.format(Locale.ROOT, format, values));
    }

    private InvalidInputException fault(Throwable cause, String what) {
        return new InvalidInputException(file + ": " + what, cause);
    }
}
