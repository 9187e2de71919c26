package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as other programs embed it, without the command line's dependencies: the README's example, logging, Javadoc. */
class LibraryTest {
    /** Jars of the dependencies that the pom calls optional, but for Logback. */
    private static final Pattern OPTIONAL = Pattern.compile(
            "picocli|progressbar|jline|lwjgl-(egl|glfw|nuklear|opengl)|flatlaf|junit|opentest4j|apiguardian");

    @TempDir
    Path folder;

    /** The class path of a program that depends on the library, without the optional dependencies. */
    private static String classPath() {
        return classPath(Pattern.compile(OPTIONAL + "|logback"));
    }

    private static String classPath(Pattern leftOut) {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("test-classes") && !leftOut.matcher(Path.of(entry).getFileName().toString()).find())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private ChildRun run(String... command) throws IOException, InterruptedException {
        return ChildRun.of(new ProcessBuilder(command).directory(folder.toFile()), folder, ChildRun.LIMIT);
    }

    @Test
    void theReadmesExampleCompilesAndRunsAndPrintsNothingOfItsOwn() throws Exception {
        Matcher example = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of("README.md")));
        assertTrue(example.find(), "the README has an example");
        String code = example.group(1);
        long lines = code.lines().filter(line -> !line.isBlank() && !line.startsWith("import") && !line.strip().equals("}")).count();
        assertTrue(lines <= 10, lines + " lines beside imports and closing braces");
        Files.writeString(folder.resolve("Example.java"), code);
        StringWriter messages = new StringWriter();
        int status = ToolProvider.findFirst("javac").orElseThrow().run(new PrintWriter(messages), new PrintWriter(messages),
                "-Xlint:all", "-Werror", "-proc:none", "-cp", classPath(), "-d", folder.toString(), folder.resolve("Example.java").toString());
        assertEquals(0, status, messages.toString());
        ChildRun run = run(ChildRun.JAVA, "-cp", folder + File.pathSeparator + classPath(), "Example");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().matches("\\(0\\.\\d+, 0\\.\\d+\\) has density \\d+\\.\\d+\\R"), "what the example prints: " + run.out());
        List<String> said = run.err().lines().filter(line -> !line.startsWith("SLF4J") && !line.matches("\\d+ warnings? generated\\."))
                .toList();
        assertEquals(List.of(), said, "only SLF4J prints a line, because it has no provider");
        assertTrue(Files.exists(folder.resolve("letters.safetensors")));
    }

    @Test
    void theLibraryDoesNotChangeTheHostsLogLevels() throws Exception {
        Files.writeString(folder.resolve("Host.java"), """
                class Host {
                    public static void main(String[] arguments) throws Exception {
                        var context = (ch.qos.logback.classic.LoggerContext) org.slf4j.LoggerFactory.getILoggerFactory();
                        Class.forName("iadb.LearnedMap");
                        System.out.println(context.getLogger("ROOT").getLevel() + " " + context.getLogger("iadb").getLevel());
                    }
                }
                """);
        ChildRun run = run(ChildRun.JAVA, "-cp", classPath(OPTIONAL), "Host.java");
        assertEquals("DEBUG null", run.out().strip(), "Logback's own default, and no level for the library: " + run.err());
    }

    @Test
    void javadocBuildsWithoutAWarning() throws IOException {
        List<String> packages;
        try (Stream<Path> folders = Files.walk(Path.of("src/main/java"))) {
            packages = folders.filter(f -> Files.exists(f.resolve("package-info.java")))
                    .map(f -> Path.of("src/main/java").relativize(f).toString().replace(File.separatorChar, '.')).toList();
        }
        Path internal = Files.createDirectory(folder.resolve("internal"));
        Path library = Files.createDirectory(folder.resolve("library"));
        CompletableFuture<Void> other = CompletableFuture.runAsync(() -> // internal packages need not repeat what a name says
                javadoc(internal, packages, "-Xdoclint:all,-missing"));
        javadoc(library, packages, "-Xdoclint:all", "-Xdoclint/package:iadb"); // the library's own package describes every parameter
        other.join();
        String page = Files.readString(library.resolve("iadb/LearnedMap.html"));
        assertTrue(page.contains("several threads") && page.contains("<dt>Parameters:</dt>"));
        assertFalse(page.contains("@param") || page.contains("@return"), "tags that were not understood");
    }

    private static void javadoc(Path to, List<String> packages, String... checks) {
        StringWriter messages = new StringWriter();
        List<String> arguments = Stream.of(List.of(checks), List.of("-quiet", "-Werror", "-encoding", "UTF-8", "-d", to.toString(),
                "-sourcepath", "src/main/java", "-cp", System.getProperty("java.class.path")), packages).flatMap(List::stream).toList();
        int status = ToolProvider.findFirst("javadoc").orElseThrow().run(new PrintWriter(messages), new PrintWriter(messages),
                arguments.toArray(String[]::new));
        assertEquals(0, status, messages.toString());
        assertEquals("", messages.toString().strip());
    }

    @Test
    void thePublishedPomNamesItsDependencies() throws Exception {
        assertFalse(Files.exists(Path.of("dependency-reduced-pom.xml")), "the shaded jar's pom would take the library's place");
    }
}
