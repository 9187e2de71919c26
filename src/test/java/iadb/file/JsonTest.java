package iadb.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Members keep their order, and numbers their digits. */
class JsonTest {
    private static final Map<String, Object> FACTS = new LinkedHashMap<>();

    static {
        FACTS.put("z", "<\u03b1> \"quoted\"\n");
        FACTS.put("lr", 0.001f);
        FACTS.put("small", 1e-4f);
        FACTS.put("large", 1.5e300);
        FACTS.put("count", 5_000_000_000L);
        FACTS.put("steps", 128);
        FACTS.put("nan", Double.NaN);
        FACTS.put("none", null);
        FACTS.put("yes", true);
        Map<String, Object> inner = new LinkedHashMap<>();
        inner.put("b", 0.1);
        inner.put("a", -0.0f);
        FACTS.put("inner", inner);
    }

    @Test
    void aLineHasAllFactsInTheirOrder() {
        assertEquals("{\"z\":\"<\u03b1> \\\"quoted\\\"\\n\",\"lr\":0.001,\"small\":0.00010,\"large\":1.5E+300,\"count\":5000000000,"
                + "\"steps\":128,\"nan\":null,\"none\":null,\"yes\":true,\"inner\":{\"b\":0.1,\"a\":0.0}}", Json.line(FACTS));
    }

    @Test
    void aFileLeavesOutWhatIsNull(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("run.json");
        Json.write(file, FACTS);
        assertEquals("""
                {
                  "z": "<\u03b1> \\"quoted\\"\\n",
                  "lr": 0.001,
                  "small": 0.00010,
                  "large": 1.5E+300,
                  "count": 5000000000,
                  "steps": 128,
                  "yes": true,
                  "inner": {
                    "b": 0.1,
                    "a": 0.0
                  }
                }
                """, Files.readString(file));
    }
}
