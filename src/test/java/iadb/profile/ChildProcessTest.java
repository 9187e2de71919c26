package iadb.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChildProcessTest {
    @Test
    void outputThatIsNotUtf8IsKept() {
        ChildProcess child = ChildProcess.run(List.of("sh", "-c", "printf 'speed 3 \\265s'; printf 'failed: \\351' >&2; exit 4"), Map.of(),
                Duration.ofMinutes(1));
        assertEquals(4, child.code());
        assertEquals("speed 3 \uFFFDs", child.out());
        assertEquals("failed: \uFFFD", child.lastError());
    }
}
