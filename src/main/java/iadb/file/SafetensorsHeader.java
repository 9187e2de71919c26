package iadb.file;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The JSON header of a safetensors file. It is read token by token and only where the format has it, so that depth
 * costs no stack; strict JSON in strict UTF-8, no key twice, no key that the format does not know.
 *
 * @param entries  the tensors, in the header's order
 * @param metadata in the header's order
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {
    private static final int MOST_TENSORS = 10_000;
    private static final int MOST_AXES = 16;

    /**
     * One tensor's place: bytes {@code begin} to {@code end} of the data, whose length fits the shape.
     *
     * @param shape the length of each axis
     */
    record Entry(String name, int[] shape, long begin, long end) {
    }

    /**
     * Parses and checks a header.
     *
     * @throws InvalidInputException what is wrong with it, in one line that does not name the file
     */
    static SafetensorsHeader parse(byte[] text) {
        if (text.length == 0 || text[0] != '{') {
            throw new InvalidInputException("not a safetensors file (its header does not start with '{')");
        }
        Reader characters = new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.UTF_8.newDecoder());
        try (JsonReader json = new JsonReader(characters)) {
            json.setStrictness(Strictness.STRICT);
            SafetensorsHeader header = readHeader(json);
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw new InvalidInputException("the header goes on after its closing brace");
            }
            return header;
        } catch (CharacterCodingException e) {
            throw new InvalidInputException("the header is not UTF-8 text", e);
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                    .replaceFirst("^Use JsonReader\\.\\S+ to ", "do not "); // what a Java programmer would do
            throw new InvalidInputException("the header is not the JSON expected (" + UntrustedText.shown(reason) + ")", e);
        }
    }

    private static SafetensorsHeader readHeader(JsonReader json) throws IOException {
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        Set<String> keys = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = nextKey(json, keys);
            if (key.equals(Safetensors.METADATA_KEY)) {
                readMetadata(json, metadata);
            } else {
                entries.add(readEntry(json, key));
            }
            if (entries.size() > MOST_TENSORS) {
                throw new InvalidInputException("the header names more than " + MOST_TENSORS + " tensors");
            }
        }
        json.endObject();
        return new SafetensorsHeader(entries, metadata);
    }

    private static void readMetadata(JsonReader json, Map<String, String> metadata) throws IOException {
        Set<String> keys = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = nextKey(json, keys);
            if (json.peek() != JsonToken.STRING) {
                throw new InvalidInputException("metadata '" + UntrustedText.shown(key) + "' is not a string");
            }
            metadata.put(key, json.nextString());
        }
        json.endObject();
    }

    private static Entry readEntry(JsonReader json, String name) throws IOException {
        String shownName = "tensor '" + UntrustedText.shown(name) + "'";
        String dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        Set<String> keys = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = nextKey(json, keys);
            switch (key) {
                case "dtype" -> dtype = json.nextString();
                case "shape" -> shape = readNumbers(json, shownName + ": its shape");
                case "data_offsets" -> offsets = readNumbers(json, shownName + ": its data_offsets");
                default -> throw new InvalidInputException(shownName + " has the unknown key '" + UntrustedText.shown(key) + "'");
            }
        }
        json.endObject();
        if (dtype == null || shape == null || offsets == null) {
            throw new InvalidInputException(shownName + " needs dtype, shape and data_offsets");
        }
        if (!dtype.equals("F32")) {
            throw new InvalidInputException(shownName + " has dtype '" + UntrustedText.shown(dtype) + "', only F32 can be read");
        }
        if (offsets.size() != 2) {
            throw new InvalidInputException(shownName + " has " + offsets.size() + " data_offsets, expected 2");
        }
        checkBytes(shownName, shape, offsets);
        return new Entry(name, shape.stream().mapToInt(Long::intValue).toArray(), offsets.get(0), offsets.get(1));
    }

    private static void checkBytes(String shownName, List<Long> shape, List<Long> offsets) {
        long elements = 1;
        try {
            for (long length : shape) {
                elements = Math.multiplyExact(elements, (long) Math.toIntExact(length));
            }
            elements = Math.toIntExact(elements);
        } catch (ArithmeticException e) {
            throw new InvalidInputException(shownName + " has a shape too large to read: " + shape, e);
        }
        if (offsets.get(1) - offsets.get(0) != Float.BYTES * elements) {
            throw new InvalidInputException(shownName + " has shape " + shape + ", " + Float.BYTES * elements
                    + " bytes, but its data_offsets are " + offsets);
        }
    }

    /** Whole numbers from 0 to 10¹⁸ − 1, in plain digits. */
    private static List<Long> readNumbers(JsonReader json, String what) throws IOException {
        List<Long> numbers = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            boolean isNumber = json.peek() == JsonToken.NUMBER;
            String digits = isNumber ? json.nextString() : "";
            if (!digits.matches("[0-9]{1,18}") || numbers.size() == MOST_AXES) {
                throw new InvalidInputException(what + " must be a short list of whole numbers from 0 on");
            }
            numbers.add(Long.parseLong(digits));
        }
        json.endArray();
        return numbers;
    }

    private static String nextKey(JsonReader json, Set<String> seen) throws IOException {
        String key = json.nextName();
        if (!seen.add(key)) {
            throw new InvalidInputException("the header has the key '" + UntrustedText.shown(key) + "' twice");
        }
        return key;
    }
}
