package iadb.profile;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.cl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where the wall time of a whole run goes: the program in a process of its own, as a user starts it.
 *
 * @param iterations       of its training
 * @param seconds          of each phase, from its {@code run.json}
 * @param wallSeconds      from the start of the process to its end
 * @param residentMegabytes the most memory it had; null where the system does not tell
 * @param firstStepSeconds from the start of the virtual machine to the end of the first training step, programs in caches
 */
record RunPhases(int iterations, Map<String, Double> seconds, double wallSeconds, Double residentMegabytes,
        Spread firstStepSeconds) {
    private static final List<String> UP_TO_FIRST_STEP = List.of("start", "prepare", "train");

    /** Runs the program on the device; a first short run fills caches and does not count. */
    static RunPhases measure(Device device, Settings settings) throws IOException {
        Path folder = Files.createTempDirectory("iadb-profile");
        try {
            List<String> oneStep = List.of("--iterations", "1", "--points", "1", "--steps", "1", "--no-frames");
            run(device, folder, oneStep);
            double[] first = new double[settings.startRuns()];
            for (int i = 0; i < first.length; i++) {
                run(device, folder, oneStep);
                Map<String, Double> phases = phases(folder);
                first[i] = UP_TO_FIRST_STEP.stream().mapToDouble(phases::get).sum();
            }
            Child whole = run(device, folder, List.of("--iterations", Integer.toString(settings.iterations())));
            return new RunPhases(settings.iterations(), phases(folder), whole.seconds(),
                    whole.residentBytes() == 0 ? null : whole.residentBytes() * 1e-6, Spread.of(first));
        } finally {
            delete(folder);
        }
    }

    private static Child run(Device device, Path folder, List<String> arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("--quiet", "--device", Integer.toString(device.index()), "--out", folder.toString()));
        all.addAll(arguments);
        return OwnJar.run(all.toArray(String[]::new));
    }

    private static Map<String, Double> phases(Path folder) throws IOException {
        JsonObject run = JsonParser.parseString(Files.readString(folder.resolve("run.json"))).getAsJsonObject();
        Map<String, Double> phases = new LinkedHashMap<>();
        for (Map.Entry<String, JsonElement> phase : run.getAsJsonObject("seconds").entrySet()) {
            phases.put(phase.getKey(), phase.getValue().getAsDouble());
        }
        return phases;
    }

    /** Deletes a folder of this program's own, with what is in it. */
    static void delete(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
