package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Outside the library's own package, a public method is one that another class of the product calls. */
class PublicMethodsTest {
    private static final Path CLASSES = Path.of("target/classes");

    @Test
    void everyPublicMethodHasACaller() throws IOException, ClassNotFoundException {
        Map<String, Set<String>> callers = new HashMap<>(); // of a method by name and parameters
        Set<String> classes = new TreeSet<>();
        try (Stream<Path> paths = Files.walk(CLASSES.resolve("iadb"))) {
            for (Path path : paths.filter(p -> p.toString().endsWith(".class")).toList()) {
                String name = CLASSES.relativize(path).toString().replace(".class", "").replace('\\', '/');
                classes.add(name);
                try (InputStream in = new BufferedInputStream(Files.newInputStream(path))) {
                    for (String method : ConstantPool.read(in).methods()) {
                        callers.computeIfAbsent(method, m -> new HashSet<>()).add(name);
                    }
                }
            }
        }
        assertTrue(classes.size() > 100, "the classes were found");
        Set<String> unused = new TreeSet<>();
        for (String name : classes) {
            Class<?> type = Class.forName(name.replace('/', '.'), false, getClass().getClassLoader());
            if (name.endsWith("package-info") || type.getPackageName().equals("iadb") || type.isAnonymousClass()) {
                continue;
            }
            for (Method method : type.getDeclaredMethods()) {
                Set<String> users = callers.getOrDefault(signature(method), Set.of());
                boolean used = users.stream().anyMatch(user -> !user.equals(name));
                if (Modifier.isPublic(method.getModifiers()) && !method.isSynthetic() && !used && !isRequiredByTheLanguage(type, method)
                        && !overrides(type, method)) {
                    unused.add(type.getName() + "." + method.getName());
                }
            }
        }
        assertEquals(Set.of(), unused);
    }

    private static boolean isRequiredByTheLanguage(Class<?> type, Method method) {
        return type.isEnum() && List.of("values", "valueOf").contains(method.getName())
                || method.getName().equals("main")
                || type.isRecord() && method.getParameterCount() == 0
                && Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).anyMatch(method.getName()::equals);
    }

    /** Whether the method overrides one of a supertype, through which it may be called. */
    private static boolean overrides(Class<?> type, Method method) {
        Set<Class<?>> above = new HashSet<>();
        addSupertypes(type, above);
        return above.stream().flatMap(other -> Arrays.stream(other.getDeclaredMethods()))
                .anyMatch(other -> !Modifier.isPrivate(other.getModifiers()) && other.getName().equals(method.getName())
                        && other.getParameterCount() == method.getParameterCount());
    }

    private static void addSupertypes(Class<?> type, Set<Class<?>> above) {
        Stream.concat(Stream.ofNullable(type.getSuperclass()), Arrays.stream(type.getInterfaces())).forEach(other -> {
            above.add(other);
            addSupertypes(other, above);
        });
    }

    private static String signature(Method method) {
        StringBuilder text = new StringBuilder(method.getName()).append('(');
        for (Class<?> parameter : method.getParameterTypes()) {
            text.append(parameter.descriptorString());
        }
        return text.append(')').toString();
    }
}
