package iadb.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.plan.Tuning;
import iadb.plan.TuningTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file that a search writes is one that the program reads. */
class TuneTest {
    private static final Tuning TUNING = new Tuning(16, 128, 4, 4, 1, 1, 1, 0, 1);

    @TempDir
    Path folder;

    private Map<String, Tuning> read(String text) throws IOException {
        return TuningTable.read(Files.writeString(folder.resolve("tuning.properties"), text));
    }

    @Test
    void aNewFileHasTheRow() throws IOException {
        assertEquals(Map.of("mine-2.map", TUNING), read(Tune.withRow(List.of(), "mine-2.map", TUNING)));
    }

    @Test
    void theRowsOfOthersStayAndAnOlderRowGoes() throws IOException {
        String packed = Files.readString(Path.of("cl/tuning.properties"));
        String first = Tune.withRow(packed.lines().toList(), "zebra-2.map", TUNING.with("tile-rows", 64));
        String second = Tune.withRow(first.lines().toList(), "zebra-2.map", TUNING);
        Map<String, Tuning> rows = read(second);
        assertEquals(TUNING, rows.remove("zebra-2.map"));
        assertEquals(read(packed), rows);
        assertTrue(second.startsWith(packed.substring(0, packed.indexOf("# measured"))), "comments stay");
        assertEquals(second, Tune.withRow(second.lines().toList(), "zebra-2.map", TUNING));
    }
}
