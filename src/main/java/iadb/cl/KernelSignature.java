package iadb.cl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A kernel's parameters, parsed from its source. {@code CL_KERNEL_ARG_INFO} would need another build option, may be missing in a
 * program loaded from a binary, and is renamed by PoCL.
 */
record KernelSignature(String kernel, List<Parameter> parameters) {
    private static final Map<String, Class<?>> SCALARS = Map.of("int", int.class, "uint", int.class, "float", float.class);
    private static final Set<String> QUALIFIERS = Set.of("const", "volatile", "restrict");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Pattern COMMENT = Pattern.compile("//[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);

    /**
     * @param type int.class for int and uint, float.class, or DeviceBuffer.class for a pointer to global or constant memory
     */
    record Parameter(String name, Class<?> type) { }

    /**
     * The signature of {@code void kernel(...)} in these sources.
     *
     * @throws IllegalArgumentException unless there is exactly one, whose parameters have types of {@link Parameter}
     */
    static KernelSignature of(List<Source> sources, String kernel) {
        String head = "void " + kernel + "(";
        List<KernelSignature> found = new ArrayList<>();
        for (Source source : sources) {
            String text = source.text();
            for (int at = text.indexOf(head); at >= 0; at = text.indexOf(head, at + 1)) {
                if (!text.substring(text.lastIndexOf('\n', at) + 1, at).contains("//")) {
                    int body = text.indexOf('{', at);
                    found.add(parse(kernel, text.substring(at + head.length(), body < 0 ? text.length() : body)));
                }
            }
        }
        if (found.size() != 1) {
            throw new IllegalArgumentException("%s definitions of a kernel %s in %s".formatted(found.size(), kernel,
                    String.join(", ", sources.stream().map(Source::name).toList())));
        }
        return found.get(0);
    }

    private static KernelSignature parse(String kernel, String afterParenthesis) {
        String list = COMMENT.matcher(afterParenthesis).replaceAll(" ").strip();
        List<Parameter> parameters = new ArrayList<>();
        for (String declaration : list.substring(0, Math.max(0, list.length() - 1)).split(",", -1)) { // without its )
            List<String> words = new ArrayList<>(Arrays.asList(SPACE.split(declaration.replace("*", " * ").strip())));
            words.removeAll(QUALIFIERS);
            String name = words.remove(words.size() - 1);
            Class<?> type = words.size() == 1 ? SCALARS.get(words.get(0)) : isBuffer(words) ? DeviceBuffer.class : null;
            if (type == null || !name.chars().allMatch(Character::isJavaIdentifierPart)) {
                throw new IllegalArgumentException("the kernel %s has a parameter that the host cannot set: %s".formatted(kernel,
                        declaration.strip()));
            }
            parameters.add(new Parameter(name, type));
        }
        return new KernelSignature(kernel, List.copyOf(parameters));
    }

    private static boolean isBuffer(List<String> type) {
        return type.size() == 3 && Set.of("global", "constant").contains(type.get(0)) && type.get(2).equals("*");
    }

    /**
     * The index of a parameter.
     *
     * @throws IllegalArgumentException if no parameter has this name and type
     */
    int index(String name, Class<?> type) {
        for (int i = 0; i < parameters.size(); i++) {
            if (parameters.get(i).name().equals(name)) {
                if (parameters.get(i).type() != type) {
                    throw new IllegalArgumentException("the argument %s of the kernel %s is of type %s, not %s".formatted(name,
                            kernel, parameters.get(i).type().getSimpleName(), type.getSimpleName()));
                }
                return i;
            }
        }
        throw new IllegalArgumentException("the kernel %s has no argument %s, but %s".formatted(kernel, name,
                String.join(", ", parameters.stream().map(Parameter::name).toList())));
    }
}
