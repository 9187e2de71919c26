package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.cl.KernelAccess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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

    /** The output of a tour: its stops, and the kernels that ran. */
    private record Tour(List<String> lines) {
        Set<String> kernels() {
            return lines.stream().map(Pattern.compile("kernel '(\\w+)'")::matcher).filter(Matcher::find).map(name -> name.group(1))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        long count(String regex) {
            return lines.stream().filter(line -> line.matches(regex)).count();
        }
    }

    @Test
    void noKernelRacesOrLeavesItsBuffersOrReadsUnsetValues() throws Exception {
        Set<String> kernels = KernelAccess.all();
        kernels.removeAll(KernelAccess.names(Files.readString(Path.of("cl/peak.cl")))); // measuring takes too long in a simulator
        assertTrue(kernels.size() >= 11, kernels.toString());
        assertEquals(kernels, tour(15, KernelTour.BRIEF_PARTS).kernels());
    }

    @Test
    void noPlanOrMapRacesAtAnySizeWithAnyTuning() throws Exception {
        assumeTrue(Soak.isFull(), "takes an hour: run with -Diadb.soak=true");
        Tour all = tour(120, KernelTour.PARTS);
        assertTrue(all.kernels().containsAll(Set.of("fused_gradient", "invert_points")));
        Soak.note("plans_and_maps", all.count("\\d+: .*") - all.count("  does not fit"));
        Soak.note("maps_with_density", all.lines().stream().filter(line -> line.endsWith(" maps with density and inverse"))
                .mapToInt(line -> Integer.parseInt(line.split(" ")[0])).sum());
    }

    /** Runs one process per part on all processors; returns everything that they printed. */
    private Tour tour(int minutes, List<String> parts) throws Exception {
        Path library = library();
        List<Future<List<String>>> tours = new ArrayList<>();
        ExecutorService processors = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        for (String part : parts) {
            tours.add(processors.submit(() -> tour(library, minutes, part)));
        }
        processors.shutdown();
        List<String> lines = new ArrayList<>();
        for (Future<List<String>> tour : tours) {
            lines.addAll(tour.get());
        }
        return new Tour(lines);
    }

    private static Path library() {
        Optional<Path> library = LIBRARIES.stream().filter(Files::exists).findFirst();
        Prerequisite.require(library.isPresent(), "Oclgrind is not installed, and some systems have no package of it");
        return library.get();
    }

    /** Runs {@link KernelTour} on Oclgrind's device alone, without a report. */
    private List<String> tour(Path library, int minutes, String part) throws IOException, InterruptedException {
        Path own = Files.createDirectory(folder.resolve(part));
        Files.writeString(own.resolve("oclgrind.icd"), library + "\n");
        ProcessBuilder builder = new ProcessBuilder(ChildRun.JAVA, "-Diadb.cl.zeroNewBuffers=true", "-Diadb.cl.trustAnswers=true",
                "-cp", System.getProperty("java.class.path"), KernelTour.class.getName(), part);
        builder.environment().putAll(Map.of(
                "OCL_ICD_VENDORS", own.toString(),
                "OCLGRIND_DATA_RACES", "1", "OCLGRIND_UNINITIALIZED", "1", "OCLGRIND_CHECK_API", "1",
                "OCLGRIND_INST_COUNTS", "1", // names each kernel that ran
                // its detection of unset values does not know the freeze instruction, which clang's optimiser generates
                "OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable -w"));
        ChildRun run = ChildRun.of(builder, own, Duration.ofMinutes(minutes));
        assertEquals("", run.err(), "Oclgrind's reports of " + part);
        assertEquals(0, run.code(), part);
        return run.out().lines().toList();
    }
}
