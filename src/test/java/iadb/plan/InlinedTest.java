package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A function that waits at a barrier, itself or in one it calls, is marked to be inlined: see {@code cl/arithmetic.cl}. */
class InlinedTest {
    private static final Pattern FUNCTION =
            Pattern.compile("(?ms)^(static inline|INLINED) [^;{(]*?(\\w+)\\([^;{]*\\) \\{\\n(.*?)^\\}");

    private static final Set<String> BARRIERS = Set.of("barrier", "GROUP_BARRIER");

    @Test
    void everyFunctionWithABarrierIsInlined() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(Path.of("cl"))) {
            files = all.filter(file -> file.toString().endsWith(".cl")).toList();
        }
        Set<String> waiting = new TreeSet<>(BARRIERS);
        Set<String> inlined = new TreeSet<>();
        int before;
        do { // until no function is found any more that calls one of them
            before = waiting.size();
            for (Path file : files) {
                Matcher function = FUNCTION.matcher(Files.readString(file));
                while (function.find()) {
                    String body = function.group(3);
                    if (waiting.stream().anyMatch(name -> body.matches("(?s).*\\b" + name + "\\(.*"))) {
                        waiting.add(function.group(2));
                    }
                    if (function.group(1).equals("INLINED")) {
                        inlined.add(function.group(2));
                    }
                }
            }
        } while (waiting.size() > before);
        waiting.removeAll(BARRIERS);
        assertTrue(waiting.contains("evaluate") && waiting.contains("block_gradients"), waiting.toString());
        assertEquals(waiting, inlined);
    }
}
