package iadb.file;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Facts as a JSON object, in the order they were added. JSON's classes are loaded when it is written, not at start. */
public final class JsonRecord {
    private final Map<String, Object> facts = new LinkedHashMap<>(); // String, Boolean, Number, JsonRecord, or null

    /** A text, or null. */
    public JsonRecord add(String key, String value) {
        facts.put(key, value);
        return this;
    }

    /** True or false. */
    public JsonRecord add(String key, boolean value) {
        facts.put(key, value);
        return this;
    }

    /** A number in as few digits as it has; null where it is not finite, which JSON has no word for. */
    public JsonRecord add(String key, Number value) {
        facts.put(key, Double.isFinite(value.doubleValue()) ? new BigDecimal(value.toString()) : null);
        return this;
    }

    /** Facts within facts. */
    public JsonRecord add(String key, JsonRecord value) {
        facts.put(key, value);
        return this;
    }

    /** Writes it over several lines. */
    public void write(Path file) throws IOException {
        String text = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(object()) + "\n";
        AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** It in one line. */
    @Override
    public String toString() {
        return object().toString();
    }

    private JsonObject object() {
        JsonObject object = new JsonObject();
        facts.forEach((key, value) -> {
            if (value instanceof JsonRecord record) {
                object.add(key, record.object());
            } else if (value instanceof Number number) {
                object.addProperty(key, number);
            } else if (value instanceof Boolean truth) {
                object.addProperty(key, truth);
            } else {
                object.addProperty(key, (String) value);
            }
        });
        return object;
    }
}
