package iadb;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** What a test needs and a developer's machine may lack: without it the test is skipped, but fails where {@code CI=true}. */
public final class Prerequisite {
    private Prerequisite() { }

    /** Skips or fails the test unless the thing is present. */
    public static void require(boolean present, String reason) {
        if ("true".equals(System.getenv("CI"))) {
            assertTrue(present, () -> "the continuous integration provides it: " + reason);
        } else {
            assumeTrue(present, reason);
        }
    }
}
