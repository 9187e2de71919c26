package iadb.peer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The options that every peer takes, in pairs of a name and a value. Checkpoints are sorted and none lies past the end. */
record Options(Path p0, Path p1, Path start, Path out, int iterations, int batch, float lr, int seed, int steps,
        List<Integer> checkpoints, int threads) {

    private static final int LONGEST_BLOCK = 1024;

    static Options parse(String[] arguments) {
        Map<String, String> given = new HashMap<>(Map.of("--iterations", "65536", "--batch", "256", "--lr", "0.001",
                "--seed", "0", "--steps", "128", "--checkpoints", "1024,4096,16384", "--threads", "1"));
        List<String> known = new ArrayList<>(given.keySet());
        known.addAll(List.of("--p0", "--p1", "--start", "--out"));
        for (int i = 0; i < arguments.length; i += 2) {
            if (!known.contains(arguments[i]) || i + 1 == arguments.length) {
                throw new IllegalArgumentException("no such option, or no value: " + arguments[i]);
            }
            given.put(arguments[i], arguments[i + 1]);
        }
        for (String name : known) {
            if (!given.containsKey(name)) {
                throw new IllegalArgumentException("missing: " + name);
            }
        }
        int iterations = positive(given, "--iterations");
        List<Integer> checkpoints = Arrays.stream(given.get("--checkpoints").split(","))
                .map(text -> positive(text, "--checkpoints")).filter(c -> c <= iterations).distinct().sorted().toList();
        return new Options(Path.of(given.get("--p0")), Path.of(given.get("--p1")), Path.of(given.get("--start")),
                Path.of(given.get("--out")), iterations, positive(given, "--batch"), Float.parseFloat(given.get("--lr")),
                Integer.parseInt(given.get("--seed")), positive(given, "--steps"), checkpoints,
                positive(given, "--threads"));
    }

    /** Steps a timed block: all blocks alike, none crosses a checkpoint, at least eight of them where that is possible. */
    int blockLength() {
        int common = checkpoints.stream().reduce(iterations, Options::greatestCommonDivisor);
        int length = Math.min(LONGEST_BLOCK, Math.max(1, iterations / 8));
        while (common % length != 0) {
            length--;
        }
        return length;
    }

    private static int greatestCommonDivisor(int a, int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    private static int positive(Map<String, String> given, String name) {
        return positive(given.get(name), name);
    }

    private static int positive(String text, String name) {
        int value = Integer.parseInt(text);
        if (value < 1) {
            throw new IllegalArgumentException(name + " is at least 1");
        }
        return value;
    }
}
