package iadb.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import iadb.cl.Device;
import iadb.io.AtomicFile;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Facts as a JSON object, in the order they were added. */
final class JsonRecord {
    private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final JsonObject object = new JsonObject();

    JsonRecord add(String key, String value) {
        object.addProperty(key, value);
        return this;
    }

    JsonRecord add(String key, boolean value) {
        object.addProperty(key, value);
        return this;
    }

    /** A number in as few digits as it has; null where it is not finite, which JSON has no word for. */
    JsonRecord add(String key, Number value) {
        boolean finite = Double.isFinite(value.doubleValue());
        object.add(key, finite ? new JsonPrimitive(new BigDecimal(value.toString())) : JsonNull.INSTANCE);
        return this;
    }

    JsonRecord add(String key, JsonRecord value) {
        object.add(key, value.object);
        return this;
    }

    /** The device, its driver and the platform. */
    JsonRecord add(Device device) {
        return add("device", device.name()).add("platform", device.platformName()).add("driver", device.driver())
                .add("opencl", device.version());
    }

    void write(Path file) throws IOException {
        String text = PRETTY.toJson(object) + "\n";
        AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public String toString() {
        return object.toString();
    }
}
