package iadb.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import iadb.cl.Device;
import iadb.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Facts about a run as a JSON object, in the order they were added. */
final class RunRecord {
    private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final JsonObject object = new JsonObject();

    RunRecord add(String key, String value) {
        object.addProperty(key, value);
        return this;
    }

    /** A number; null where it is not finite, which JSON has no word for. */
    RunRecord add(String key, Number value) {
        object.add(key, Double.isFinite(value.doubleValue()) ? new JsonPrimitive(value) : com.google.gson.JsonNull.INSTANCE);
        return this;
    }

    RunRecord add(String key, RunRecord value) {
        object.add(key, value.object);
        return this;
    }

    /** The device, its driver and the platform. */
    RunRecord add(Device device) {
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
