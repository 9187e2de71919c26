package iadb.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table is the same bytes everywhere. */
class CsvTest {
    @TempDir
    Path folder;

    @Test
    void writesTheSameBytesUnderAGermanLocale() throws IOException {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            assertEquals("iteration,loss\n256,0.5\n65536,1.25E-5\n", write());
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void writesAHeaderAloneWithoutRows() throws IOException {
        Path target = folder.resolve("a.csv");
        Csv.write(target, "x,y", 0, (row, line) -> line.add(row));
        assertEquals("x,y\n", Files.readString(target));
    }

    @Test
    void refusesARowThatDoesNotFitTheHeader() {
        Path target = folder.resolve("a.csv");
        assertThrows(IllegalArgumentException.class, () -> Csv.write(target, "x,y", 1, (row, line) -> line.add(1.0)));
    }

    private String write() throws IOException {
        long[] iterations = {256, 65536};
        float[] losses = {0.5f, 1.25e-5f};
        Path target = folder.resolve("loss.csv");
        Csv.write(target, "iteration,loss", 2, (row, line) -> line.add(iterations[row]).add(losses[row]));
        return Files.readString(target);
    }
}
