package iadb;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How thorough the tests of faults are: brief with the other tests, full under {@code tools/soak}, which sets
 * {@code iadb.soak}. What they counted goes to {@code target/soak.json}.
 */
public final class Soak {
    private static final Path FILE = Path.of("target", "soak.json");
    private static final Gson JSON = new GsonBuilder().setPrettyPrinting().create();

    private Soak() { }

    public static boolean isFull() {
        return Boolean.getBoolean("iadb.soak");
    }

    /** The number of trials. */
    public static int times(int brief, int full) {
        return isFull() ? full : brief;
    }

    /** Records a count, replacing that of an earlier run. */
    public static synchronized void note(String what, Number value) throws IOException {
        JsonObject counted = Files.exists(FILE) ? JsonParser.parseString(Files.readString(FILE)).getAsJsonObject() : new JsonObject();
        counted.addProperty(what, value);
        Files.writeString(FILE, JSON.toJson(counted) + "\n");
    }
}
