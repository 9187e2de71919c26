package iadb.file;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Facts as JSON, in the map's order: texts, truths, numbers, maps, or null. A number has the fewest digits that tell it from its
 * neighbours, without an exponent if it is small; one that is not finite is null.
 */
public final class Json {
    private Json() {
    }

    /** A map of keys and values by turns, in this order. */
    public static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return object;
    }

    /** The facts in one line. */
    public static String line(Map<String, ?> facts) {
        return builder().serializeNulls().create().toJson(facts);
    }

    /** Writes the facts over several lines; those that are null are left out. */
    public static void write(Path file, Map<String, ?> facts) throws IOException {
        String text = builder().setPrettyPrinting().create().toJson(facts) + "\n";
        AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static GsonBuilder builder() {
        JsonSerializer<Number> exact = (value, type, context) -> Double.isFinite(value.doubleValue())
                ? new JsonPrimitive(new BigDecimal(value.toString())) : JsonNull.INSTANCE;
        return new GsonBuilder().disableHtmlEscaping().registerTypeAdapter(Float.class, exact).registerTypeAdapter(Double.class, exact);
    }
}
