package iadb.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hostile files that fuzzing found, and the good ones it began with: each reader takes them, or refuses them by a short line. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CorpusTest {
    private static final Path CORPUS = Path.of("src/test/resources/corpus");
    private static final int MOST_FILES = 300;
    private static final long MOST_BYTES = 1 << 20;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void everyInputIsTakenOrRefused(FuzzedReader reader) throws IOException {
        List<Path> inputs = files(CORPUS.resolve(reader.key()));
        assertTrue(!inputs.isEmpty() && inputs.size() < MOST_FILES, inputs.size() + " inputs");
        for (Path input : inputs) {
            try {
                reader.takes(Files.readAllBytes(input), folder);
            } catch (AssertionError e) {
                throw new AssertionError(input + ": " + e.getMessage(), e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void goodFilesAreTaken(FuzzedReader reader) throws IOException {
        for (Map.Entry<String, byte[]> seed : Seeds.of(reader, folder).entrySet()) {
            assertTrue(reader.takes(seed.getValue(), folder), seed.getKey());
        }
    }

    @Test
    void theCorpusStaysSmall() throws IOException {
        long bytes = 0;
        for (FuzzedReader reader : FuzzedReader.values()) {
            for (Path input : files(CORPUS.resolve(reader.key()))) {
                bytes += Files.size(input);
            }
        }
        assertTrue(bytes < MOST_BYTES, bytes + " bytes");
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
