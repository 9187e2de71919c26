package iadb.file;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * Writes JSON objects of strings, booleans, numbers, maps and null, in the map's order. A number has the fewest digits that
 * identify its value, without an exponent if it is small; NaN and infinities become null.
 */
public final class Json {
    private Json() { }

    /** The object on one line. */
    public static String line(Map<String, ?> object) { return builder().serializeNulls().create().toJson(object); }

    /** Writes an indented object to a file, without its null members. */
    public static void write(Path file, Map<String, ?> object) throws IOException {
        String text = builder().setPrettyPrinting().create().toJson(object) + "\n";
        AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static GsonBuilder builder() {
        JsonSerializer<Number> exact = (value, type, context) -> Double.isFinite(value.doubleValue())
                ? new JsonPrimitive(new BigDecimal(value.toString())) : JsonNull.INSTANCE;
        return new GsonBuilder().disableHtmlEscaping().registerTypeAdapter(Float.class, exact).registerTypeAdapter(Double.class, exact);
    }
}
