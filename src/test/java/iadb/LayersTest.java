package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Packages are layered: each imports only lower ones, and some libraries are imported only by certain packages or classes. */
class LayersTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Map<String, Integer> LAYERS = Map.ofEntries(
            Map.entry("iadb.fault", 0), Map.entry("iadb.random", 0),
            Map.entry("iadb.cl", 1), Map.entry("iadb.plot", 1), Map.entry("iadb.file", 2),
            Map.entry("iadb.density", 3),
            Map.entry("iadb.draw", 4), Map.entry("iadb.model", 4),
            Map.entry("iadb.plan", 5),
            Map.entry("iadb.sample", 6), Map.entry("iadb.metric", 6),
            Map.entry("iadb.train", 7), Map.entry("iadb.export", 7),
            Map.entry("iadb", 8),
            Map.entry("iadb.profile", 9), Map.entry("iadb.view.surface", 9), Map.entry("iadb.view.interop", 10),
            Map.entry("iadb.view.scene", 11), Map.entry("iadb.view", 12),
            Map.entry("iadb.cli", 13));
    private static final Map<String, Set<String>> IMPORTERS = Map.of("org.jocl", Set.of("iadb.cl"),
            "org.lwjgl", Set.of("iadb.view.surface", "iadb.view.interop", "iadb.view.scene", "iadb.view",
                    "iadb.cl.NativeLibraries", "iadb.cl.SignalHandlers"), "picocli", Set.of("iadb.cli"),
            "ch.qos.logback", Set.of("iadb.cli"), "me.tongfei", Set.of("iadb.cli"));
    private static final Pattern NAME = Pattern.compile("\\b((?:iadb|org\\.jocl|org\\.lwjgl|picocli|ch\\.qos\\.logback|me\\.tongfei)(?:\\.[a-z]\\w*)*)\\.[A-Z]");

    @Test
    void packagesImportOnlyLowerLayers() throws IOException {
        List<String> faults = new ArrayList<>();
        int files = 0;
        try (Stream<Path> paths = Files.walk(SOURCES)) {
            for (Path path : paths.filter(p -> p.toString().endsWith(".java")).toList()) {
                files++;
                String own = SOURCES.relativize(path.getParent()).toString().replace('/', '.').replace('\\', '.');
                assertTrue(LAYERS.containsKey(own), own + " is in no layer");
                String code = Files.readString(path).replaceAll("(?s)/\\*.*?\\*/", "").replaceAll("//.*", "");
                Matcher names = NAME.matcher(code);
                while (names.find()) {
                    String used = names.group(1);
                    Set<String> importers = IMPORTERS.entrySet().stream().filter(e -> used.startsWith(e.getKey()))
                            .map(Map.Entry::getValue).findFirst().orElse(Set.of());
                    boolean allowed = used.startsWith("iadb")
                            ? used.equals(own) || LAYERS.getOrDefault(used, Integer.MAX_VALUE) < LAYERS.get(own)
                            : importers.contains(own) || importers.contains(own + "." + path.getFileName().toString().replace(".java", ""));
                    if (!allowed) {
                        faults.add(path + " uses " + used);
                    }
                }
            }
        }
        assertTrue(files > 30, "the sources were found");
        assertEquals(List.of(), faults);
    }

    @Test
    void everyPackageHasADescription() throws IOException {
        try (Stream<Path> paths = Files.walk(SOURCES)) {
            List<Path> silent = paths.filter(Files::isDirectory)
                    .filter(folder -> folder.toFile().listFiles((d, name) -> name.endsWith(".java")).length > 0)
                    .filter(folder -> !Files.exists(folder.resolve("package-info.java"))).toList();
            assertEquals(List.of(), silent);
        }
    }
}
