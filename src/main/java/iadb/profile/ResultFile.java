package iadb.profile;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import iadb.cl.Device;
import iadb.file.AtomicFile;
import iadb.file.BuildVersion;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Results as JSON: records, with component names in lower case with underscores, and numbers with five digits. */
public final class ResultFile {
    private static final MathContext DIGITS = new MathContext(5);
    private static final JsonSerializer<Double> NUMBER = (value, type, json) -> fiveDigits(value);

    public static final Gson JSON = new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
            .registerTypeAdapter(double.class, NUMBER).registerTypeAdapter(Double.class, NUMBER).disableHtmlEscaping()
            .setPrettyPrinting().create();

    private ResultFile() { }

    private static JsonElement fiveDigits(double value) {
        if (!Double.isFinite(value)) {
            return JsonNull.INSTANCE;
        }
        BigDecimal rounded = new BigDecimal(value).round(DIGITS).stripTrailingZeros();
        return new JsonPrimitive(rounded.setScale(Math.max(0, rounded.scale()))); // 65536, not 6.5536E+4
    }

    /** Writes a record. */
    public static void write(Path file, Object result) throws IOException {
        AtomicFile.write(file, out -> out.write((JSON.toJson(result) + "\n").getBytes(StandardCharsets.UTF_8)));
    }

    /** The conditions of a measurement: device, driver, system, commit and date in UTC. */
    public static Map<String, Object> machine(Device device) {
        Map<String, Object> machine = new LinkedHashMap<>();
        machine.put("device", device.name());
        machine.put("type", device.type().toString());
        machine.put("platform", device.platformName());
        machine.put("driver", device.driver());
        machine.put("opencl", device.version());
        machine.put("compute_units", device.computeUnits());
        machine.put("java", System.getProperty("java.version"));
        machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        machine.put("commit", BuildVersion.commit());
        machine.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        return machine;
    }

    /** The name of the folder for a device's results. */
    public static String folderName(Device device) {
        return device.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    }
}
