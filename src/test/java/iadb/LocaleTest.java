package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Nothing in the sources asks for the user's locale, whose digits, signs and cases would go into files and names: what formats
 * numbers or changes cases is given a locale. Text by %s alone needs none.
 */
class LocaleTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Path PROGRAM = SOURCES.resolve("iadb/cli/Main.java"); // whose process is its own
    private static final Pattern LOCALIZED = Pattern.compile("%[^sxn%a-zA-Z]*[a-zA-Z&&[^sxn]]");
    private static final Pattern LOCALIZED_CLASS = Pattern.compile("java\\.text\\..*|java\\.util\\.(Scanner|Formatter|Calendar)");
    private static final Set<String> DEFAULT_LOCALE = Set.of("getDefault", "setDefault");
    private static final Set<String> CASES = Set.of("toLowerCase", "toUpperCase");
    private static final Set<String> FORMATS = Set.of("format", "printf", "formatted");
    private static final Set<String> DATES = Set.of("ofPattern", "ofLocalizedDate", "ofLocalizedTime", "ofLocalizedDateTime");

    /** Collects the uses of the default locale. */
    private static final class Faults extends TreeScanner<Void, List<String>> {
        @Override
        public Void visitMethodInvocation(MethodInvocationTree call, List<String> faults) {
            if (call.getMethodSelect() instanceof MemberSelectTree select && isFault(select, call.getArguments())) {
                faults.add(call.toString());
            }
            return super.visitMethodInvocation(call, faults);
        }

        private static boolean isFault(MemberSelectTree select, List<? extends ExpressionTree> arguments) {
            String method = select.getIdentifier().toString();
            String owner = select.getExpression().toString();
            boolean hasLocale = !arguments.isEmpty() && arguments.get(0).toString().startsWith("Locale.");
            return switch (method) {
                case "getDefault", "setDefault" -> owner.equals("Locale");
                case "toLowerCase", "toUpperCase" -> arguments.isEmpty();
                case "formatted" -> text(select.getExpression()).map(format -> LOCALIZED.matcher(format).find()).orElse(true);
                case "printf" -> !hasLocale;
                case "format" -> !hasLocale && (owner.equals("String") || text(arguments.get(0)).isPresent());
                default -> DATES.contains(method) && arguments.size() < 2;
            };
        }

        @Override
        public Void visitMemberReference(MemberReferenceTree reference, List<String> faults) {
            String method = reference.getName().toString();
            boolean isOfText = reference.getQualifierExpression().toString().equals("String");
            if (isOfText && (CASES.contains(method) || FORMATS.contains(method)) || DEFAULT_LOCALE.contains(method)) {
                faults.add(reference.toString());
            }
            return super.visitMemberReference(reference, faults);
        }

        @Override
        public Void visitImport(ImportTree named, List<String> faults) {
            if (LOCALIZED_CLASS.matcher(named.getQualifiedIdentifier().toString()).matches()) {
                faults.add(named.toString().strip());
            }
            return super.visitImport(named, faults);
        }

        /** The value of a constant text; empty for a computed one. */
        private static Optional<String> text(Tree tree) {
            if (tree instanceof LiteralTree literal && literal.getValue() instanceof String text) {
                return Optional.of(text);
            }
            if (tree instanceof ParenthesizedTree inner) {
                return text(inner.getExpression());
            }
            return tree instanceof BinaryTree sum
                    ? text(sum.getLeftOperand()).flatMap(left -> text(sum.getRightOperand()).map(left::concat)) : Optional.empty();
        }
    }

    private static List<String> faults(Iterable<? extends JavaFileObject> sources, StandardJavaFileManager files) throws IOException {
        List<String> all = new ArrayList<>();
        JavacTask parser = (JavacTask) ToolProvider.getSystemJavaCompiler().getTask(null, files, null, null, null, sources);
        for (CompilationUnitTree unit : parser.parse()) {
            List<String> found = new ArrayList<>();
            new Faults().scan(unit, found);
            found.stream().map(fault -> Path.of(unit.getSourceFile().toUri()).getFileName() + ": " + fault).forEach(all::add);
        }
        return all;
    }

    @Test
    void everyFormatAndCaseChangeNamesItsLocale() throws IOException {
        try (Stream<Path> paths = Files.walk(SOURCES);
                StandardJavaFileManager files = ToolProvider.getSystemJavaCompiler().getStandardFileManager(null, null, null)) {
            List<Path> sources = paths.filter(path -> path.toString().endsWith(".java")).toList();
            assertTrue(sources.size() > 100, "the sources were found");
            List<String> faults = faults(files.getJavaFileObjectsFromPaths(sources), files);
            faults.remove(PROGRAM.getFileName() + ": Locale.setDefault(Locale.ROOT)");
            assertEquals("", String.join("\n", faults));
        }
    }

    @Test
    void usesOfTheDefaultLocaleAreFound() throws IOException {
        List<String> wrong = List.of("\"%d\".formatted(1)", "(\"%s\" + \"%,.3f\").formatted(\"\", 1f)", "words.formatted(1)",
                "String.format(\"%s\", 1)", "String.format(words, 1)", "out.printf(\"%s\", 1)", "out.format(\"%s\", 1)",
                "words.toLowerCase()", "words.toUpperCase()", "DateTimeFormatter.ofPattern(words)", "Locale.getDefault()",
                "Optional.of(words).map(String::toLowerCase)");
        List<String> right = List.of("\"%s of %08x%n%%\".formatted(1, 2)", "String.format(Locale.ROOT, \"%d\", 1)",
                "words.toLowerCase(Locale.ROOT)", "Character.toLowerCase('A')", "formatter.format(1, line)");
        for (List<String> calls : List.of(wrong, right)) {
            String body = calls.stream().map(call -> "Object o = " + call + ";\n")
                    .collect(Collectors.joining("", "import java.text.NumberFormat;\nclass C {\n", "}"));
            JavaFileObject source = new SimpleJavaFileObject(URI.create("file:///C.java"), JavaFileObject.Kind.SOURCE) {
                @Override
                public CharSequence getCharContent(boolean ignoreErrors) {
                    return body;
                }
            };
            List<String> faults = faults(List.of(source), null);
            assertEquals(1 + (calls == wrong ? wrong.size() : 0), faults.size(), faults.toString());
        }
    }
}
