package iadb.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import iadb.profile.ResultFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Figures of compilers outside of the program are taken only for the programs that it builds. */
class CompiledTest {
    private static final List<BuiltProgram> BUILT = BuiltProgram.KINDS.get("gpu").programs();

    private static String line(String program, String digest, String figures) {
        return "{\"program\": \"" + program + "\", \"digest\": \"" + digest + "\", \"gpu\": \"sm_90\", \"kernel\": \"k\", \"by\": \"a compiler\""
                + figures + "}";
    }

    /** A line for each program, after one of text. */
    private static List<String> lines() {
        List<String> lines = new ArrayList<>(List.of("program  GPU"));
        BUILT.forEach(program -> lines.add(line(program.name(), program.digest(), ", \"registers\": 72, \"spilled_bytes\": 0")));
        return lines;
    }

    private static void assertRefused(String words, List<String> lines) {
        String message = assertThrows(InvalidInputException.class, () -> Compiled.of(lines, Map.of("gpu", BUILT), "commit")).getMessage();
        assertTrue(message.contains(words), message);
    }

    @Test
    void linesOfOneKernelCompleteEachOther() {
        List<String> lines = lines();
        lines.add(line("map", BUILT.stream().filter(program -> program.name().equals("map")).findFirst().orElseThrow().digest(),
                ", \"cycles\": 80677.0, \"per\": \"step\", \"clock_ghz\": 2"));
        Compiled compiled = Compiled.of(lines, Map.of("gpu", BUILT), "commit");
        assertEquals(BUILT.size(), compiled.kernels().size());
        assertEquals(List.of("a compiler"), compiled.made());
        String section = compiled.section();
        assertTrue(section.contains("| `k` (map), per step | 72 | - | - | - | 80,677 | - | 40.3 µs |"), section);
        assertTrue(section.contains("none spills"), section);
        assertFalse(section.contains("(fused)"), "its cycles are not known");
    }

    @Test
    void aKernelThatSpillsIsNamed() {
        List<String> lines = lines();
        lines.set(1, lines.get(1).replace("\"spilled_bytes\": 0", "\"spilled_bytes\": 16"));
        String section = Compiled.of(lines, Map.of("gpu", BUILT), "commit").section();
        assertTrue(section.contains("these spill registers: `k` (" + BUILT.get(0).name() + ") on sm_90, 16 bytes"), section);
    }

    @Test
    void figuresOfAnotherProgramAreRefused() {
        List<String> changed = lines();
        changed.set(1, line(BUILT.get(0).name(), BUILT.get(1).digest(), ""));
        assertRefused("other files or options", changed);
        List<String> unknown = lines();
        unknown.add(line("mine", BUILT.get(0).digest(), ""));
        assertRefused("mine", unknown);
    }

    @Test
    void halfFiguresAreRefused() {
        assertRefused("no line is of the program " + BUILT.get(0).name() + " on sm_90", lines().subList(2, lines().size()));
        assertRefused("no line begins", List.of("program  GPU"));
        assertRefused("lacks program", List.of("{\"program\": \"fused\"}"));
        assertRefused("cycles stand without", List.of(lines().get(1).replace("\"registers\"", "\"cycles\"")));
        assertRefused("no JSON", List.of("{\"program\": "));
    }

    private static Compiled file() throws IOException {
        return ResultFile.JSON.fromJson(Files.readString(Path.of("tools/results", Compiled.FILE)), Compiled.class);
    }

    @Test
    void theFileIsOfTodaysPrograms() throws IOException {
        file().requireCurrent(Compiled.built());
    }

    @Test
    void figuresOfEarlierProgramsAreStale() {
        Compiled compiled = Compiled.of(lines(), Map.of("gpu", BUILT), "commit");
        compiled.requireCurrent(Map.of("gpu", BUILT));
        List<BuiltProgram> changed = new ArrayList<>(BUILT);
        BuiltProgram first = changed.get(0);
        changed.set(0, new BuiltProgram(first.name(), first.sources(), List.of("-DOTHER"), first.purpose(), first.tuning()));
        for (List<BuiltProgram> today : List.of(changed, BUILT.subList(1, BUILT.size()))) {
            String message = assertThrows(InvalidInputException.class, () -> compiled.requireCurrent(Map.of("gpu", today))).getMessage();
            assertTrue(message.contains("(" + first.name() + ")") && message.contains("tools/compiled"), message);
        }
    }

    /** It can be read, and nothing in it is called measured. */
    @Test
    void theFileIsCompleteAndSaysThatItIsModelled() throws IOException {
        Compiled compiled = file();
        assertTrue(compiled.about().startsWith("Modelled, not measured"), compiled.about());
        for (String gpu : List.of("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "gfx90a", "gfx1030", "gfx1100")) {
            assertTrue(compiled.kernels().stream().anyMatch(one -> one.gpu().equals(gpu) && one.registers() != null), gpu);
        }
        for (String kernel : List.of("fused_gradient", "update", "persistent_steps", "move_points")) {
            assertTrue(compiled.kernels().stream().anyMatch(one -> one.kernel().equals(kernel) && one.cycles() != null), kernel);
        }
    }
}
