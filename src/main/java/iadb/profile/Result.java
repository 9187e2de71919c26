package iadb.profile;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import iadb.file.AtomicFile;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * All figures of a run of the profile, as {@code profile.json} holds them: the records' fields with underscores, numbers in
 * five digits.
 *
 * @param machine  where and when
 * @param settings how much was measured
 * @param peak     what the device can do at best
 * @param sgemm    what OpenBLAS does on the same CPU
 * @param plans    a training step of the default network and batch under each plan
 * @param kernels  each kernel
 * @param map      throughput over the number of points
 * @param widths   a training step over the network's width
 * @param batches  a training step over the batch
 * @param run      where a run's wall time goes
 */
record Result(Machine machine, Settings settings, Peak peak, Sgemm sgemm, List<Growth> plans, List<KernelTimes> kernels,
        List<MapThroughput> map, List<Growth> widths, List<Growth> batches, RunPhases run) {
    static final String FILE = "profile.json";

    private static final MathContext DIGITS = new MathContext(5);
    private static final Gson JSON = new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
            .registerTypeAdapter(double.class, new FiveDigits()).registerTypeAdapter(Double.class, new FiveDigits())
            .disableHtmlEscaping().setPrettyPrinting().create();

    /** The plan with the least median. */
    Growth fastestPlan() {
        return plans.stream().min(Comparator.comparingDouble(plan -> plan.microseconds().median())).orElseThrow();
    }

    /** The same measurements held against another peak. */
    Result against(Peak other) {
        return new Result(machine, settings, other, sgemm, against(plans, other),
                kernels.stream().map(one -> one.against(other)).toList(), map.stream().map(one -> one.against(other)).toList(),
                against(widths, other), against(batches, other), run);
    }

    private static List<Growth> against(List<Growth> all, Peak other) {
        return all.stream().map(one -> one.against(other)).toList();
    }

    /** Writes a result's records as JSON. */
    static void write(Path file, Object result) throws IOException {
        AtomicFile.write(file, out -> out.write((json(result) + "\n").getBytes(StandardCharsets.UTF_8)));
    }

    /** Records as JSON, over several lines. */
    static String json(Object result) {
        return JSON.toJson(result);
    }

    /** Reads back what {@link #write} wrote. */
    static <T> T read(Path file, Class<T> type) throws IOException {
        return parse(Files.readString(file), type);
    }

    /** A record from JSON whose names are its fields' with underscores. */
    static <T> T parse(String json, Class<T> type) {
        return JSON.fromJson(json, type);
    }

    private static final class FiveDigits extends TypeAdapter<Double> {
        @Override
        public void write(JsonWriter out, Double value) throws IOException {
            if (value == null || !Double.isFinite(value)) {
                out.nullValue();
            } else {
                BigDecimal rounded = new BigDecimal(value).round(DIGITS).stripTrailingZeros();
                out.value(rounded.setScale(Math.max(0, rounded.scale()))); // 65536, not 6.5536E+4
            }
        }

        @Override
        public Double read(JsonReader in) throws IOException {
            if (in.peek() == JsonToken.NULL) {
                in.nextNull();
                return null;
            }
            return in.nextDouble();
        }
    }
}
