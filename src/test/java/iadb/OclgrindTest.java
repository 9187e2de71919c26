package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every kernel runs under Oclgrind, an OpenCL device that watches each access, without a report: no race, no access out
 * of bounds, no unset value, no misuse of the API.
 */
class OclgrindTest {
    private static final List<Path> LIBRARIES = List.of(Path.of("/usr/lib/oclgrind/liboclgrind-rt-icd.so"),
            Path.of("/usr/local/lib/liboclgrind-rt-icd.so"), Path.of("/opt/homebrew/lib/liboclgrind-rt-icd.so"));

    @TempDir
    private Path folder;

    @Test
    void noKernelRacesOrLeavesItsBuffersOrReadsUnsetValues() throws IOException, InterruptedException {
        assertEquals(kernelsInTheSources(), kernelsThatRun(5));
    }

    @Test
    void norDoesAnyPlanOrMapAtAnySizeWithAnyTuning() throws IOException, InterruptedException {
        assumeTrue(Boolean.getBoolean("iadb.soak"), "takes a while: run with -Diadb.soak=true");
        assertTrue(kernelsThatRun(240, "--full").containsAll(Set.of("fused_gradient", "invert_points")));
        List<String> said = Files.readAllLines(folder.resolve("instruction-counts"));
        Soak.note("plans_and_maps", said.stream().filter(line -> line.matches("\\d+: .*")).count()
                - said.stream().filter(line -> line.equals("  does not fit")).count());
        Soak.note("inversions", said.stream().filter(line -> line.endsWith(" maps were inverted"))
                .mapToInt(line -> Integer.parseInt(line.split(" ")[0])).findFirst().orElseThrow());
    }

    /** The names of the kernels that ran in a tour without a report. */
    private Set<String> kernelsThatRun(int minutes, String... arguments) throws IOException, InterruptedException {
        Path library = LIBRARIES.stream().filter(Files::exists).findFirst().orElse(null);
        boolean required = "true".equals(System.getenv("CI"));
        assumeTrue(library != null || required, "Oclgrind is not installed, and some systems have no package of it");
        assertTrue(library != null, "the continuous integration installs Oclgrind");

        Path counts = folder.resolve("instruction-counts");
        Path reports = folder.resolve("reports");
        run(library, counts, reports, minutes, arguments);
        assertEquals("", Files.readString(reports), "Oclgrind's reports");
        Set<String> ran = new TreeSet<>();
        Matcher names = Pattern.compile("kernel '(\\w+)'").matcher(Files.readString(counts));
        while (names.find()) {
            ran.add(names.group(1));
        }
        return ran;
    }

    /** Runs {@link KernelTour} on Oclgrind's device alone. */
    private void run(Path library, Path counts, Path reports, int minutes, String... arguments)
            throws IOException, InterruptedException {
        Files.writeString(folder.resolve("oclgrind.icd"), library + "\n");
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Diadb.cl.zeroNewBuffers=true", "-Diadb.cl.trustAnswers=true", "-cp", System.getProperty("java.class.path"),
                KernelTour.class.getName());
        builder.command().addAll(List.of(arguments));
        builder.environment().putAll(Map.of(
                "OCL_ICD_VENDORS", folder.toString(),
                "OCLGRIND_DATA_RACES", "1", "OCLGRIND_UNINITIALIZED", "1", "OCLGRIND_CHECK_API", "1",
                "OCLGRIND_INST_COUNTS", "1", // names each kernel that ran
                // its watch over unset values does not know the freeze instruction, which clang's optimiser makes
                "OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable -w"));
        Process process = builder.redirectOutput(counts.toFile()).redirectError(reports.toFile()).start();
        boolean ended = process.waitFor(minutes, TimeUnit.MINUTES);
        process.destroyForcibly().waitFor();
        assertTrue(ended, "Oclgrind ends");
        assertEquals(0, process.exitValue(), () -> reports.toString());
    }

    private static Set<String> kernelsInTheSources() throws IOException {
        Set<String> kernels = new TreeSet<>();
        try (Stream<Path> files = Files.list(Path.of("cl"))) {
            for (Path file : files.toList()) {
                Matcher names = Pattern.compile("(?m)^(?:kernel|GROUP) void (\\w+)\\(").matcher(Files.readString(file));
                while (names.find()) {
                    kernels.add(names.group(1));
                }
            }
        }
        assertTrue(kernels.size() >= 11, kernels.toString());
        return kernels;
    }
}
