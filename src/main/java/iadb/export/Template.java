package iadb.export;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Source code with places for values, from a resource in {@code export/}: {@code @name@} stands for a value, lines from
 * {@code @if name} to {@code @end} stay only if the value is not empty, and lines from {@code @each name a b} to {@code @end} are
 * repeated with the value a, then b.
 */
final class Template {
    private static final Pattern PART = Pattern.compile("(?m)^@(if|each) (\\w+)(.*)\n((?:(?!@(?:if|each) |@end$).*\n)*+)@end\n");
    private static final Pattern PLACE = Pattern.compile("@(\\w+)@");

    private Template() { }

    /** The text of a resource with the values in their places. */
    static String fill(String resource, Map<String, String> values) {
        String text;
        try (InputStream in = Template.class.getResourceAsStream("/export/" + resource)) {
            text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (Matcher part = PART.matcher(text); part.find(); part = PART.matcher(text)) { // those inside others first
            text = text.substring(0, part.start()) + chosen(part.group(1), part.group(2), part.group(3).strip(), part.group(4), values)
                    + text.substring(part.end());
        }
        return PLACE.matcher(text).replaceAll(place -> Matcher.quoteReplacement(value(values, place.group(1))));
    }

    private static String chosen(String kind, String name, String words, String lines, Map<String, String> values) {
        if (kind.equals("if")) {
            return value(values, name).isEmpty() ? "" : lines;
        }
        StringBuilder all = new StringBuilder();
        for (String word : words.split(" ")) {
            all.append(lines.replace("@" + name + "@", word));
        }
        return all.toString();
    }

    private static String value(Map<String, String> values, String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalStateException("no value for " + name);
        }
        return value;
    }
}
