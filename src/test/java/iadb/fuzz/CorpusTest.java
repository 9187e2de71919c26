package iadb.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.FileNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each reader accepts the files that fuzzing found and started from, or refuses them in one short line. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CorpusTest {
    private static final Path CORPUS = Path.of("src/test/resources/corpus");
    private static final int MOST_FILES = 300;
    private static final long MOST_BYTES = 1 << 20;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void everyInputIsAcceptedOrRefused(FuzzedReader reader) throws IOException {
        Path corpus = CORPUS.resolve(reader.key());
        List<String> inputs = FileNames.in(corpus);
        assertTrue(!inputs.isEmpty() && inputs.size() < MOST_FILES, inputs.size() + " inputs");
        for (String input : inputs) {
            try {
                reader.takes(Files.readAllBytes(corpus.resolve(input)), folder);
            } catch (AssertionError e) {
                throw new AssertionError(corpus.resolve(input) + ": " + e.getMessage(), e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void goodFilesAreAccepted(FuzzedReader reader) throws IOException {
        for (Map.Entry<String, byte[]> seed : Seeds.of(reader, folder).entrySet()) {
            assertTrue(reader.takes(seed.getValue(), folder), seed.getKey());
        }
    }

    @Test
    void theCorpusStaysSmall() throws IOException {
        long bytes = 0;
        for (FuzzedReader reader : FuzzedReader.values()) {
            for (String input : FileNames.in(CORPUS.resolve(reader.key()))) {
                bytes += Files.size(CORPUS.resolve(reader.key()).resolve(input));
            }
        }
        assertTrue(bytes < MOST_BYTES, bytes + " bytes");
    }
}
