package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The jar carries the licence of everything in it. */
class LicencesIT {
    private static final String LICENCES = "META-INF/licenses/";
    /** Words of the licences there are, each of which a text of one has. */
    private static final Pattern TERMS = Pattern.compile("Permission is|Redistribution and use|Licensed under the Apache License"
            + "|Eclipse Public License - v 2\\.0");

    /** The packages of the program and of the dependencies whose licences are there. */
    private static final Pattern KNOWN = Pattern.compile("^(iadb|org/(jocl|lwjgl|slf4j|jline)|picocli|ch/qos/logback|me/tongfei"
            + "|com/google/(gson|errorprone))(/|$)");

    @Test
    void eachDependencyHasItsLicenceInTheJar() throws Exception {
        Set<String> artifacts = new TreeSet<>();
        NodeList dependencies = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse("pom.xml")
                .getElementsByTagName("dependency");
        for (int i = 0; i < dependencies.getLength(); i++) {
            Element dependency = (Element) dependencies.item(i);
            if (!text(dependency, "scope").equals("test")) {
                artifacts.add(text(dependency, "artifactId"));
            }
        }
        assertTrue(artifacts.size() > 9, artifacts.toString());
        try (ZipFile jar = new ZipFile(System.getProperty("iadb.jar"))) {
            // what dependencies brought in turn
            Pattern own = Pattern.compile("META-INF/maven/[^/]+/([^/]+)/pom\\.xml");
            artifacts.addAll(jar.stream().map(entry -> own.matcher(entry.getName())).filter(Matcher::matches)
                    .map(matcher -> matcher.group(1)).filter(name -> !name.equals("iadb-cl")).collect(Collectors.toSet()));
            assertTrue(artifacts.containsAll(Set.of("lwjgl", "logback-core", "jline-native")), artifacts.toString());
            for (String artifact : artifacts) {
                String licence = read(jar, LICENCES + artifact + ".txt");
                assertTrue(licence.contains("Copyright") && TERMS.matcher(licence).find(), artifact);
            }
            assertEquals(artifacts, jar.stream().map(ZipEntry::getName).filter(name -> name.matches(LICENCES + ".+"))
                    .map(name -> name.substring(LICENCES.length()).replaceFirst("\\.txt$", ""))
                    .collect(Collectors.toCollection(TreeSet::new)));
            assertEquals(Files.readString(Path.of("LICENSE")), read(jar, "META-INF/LICENSE"), "ours, not a dependency's");
            assertEquals(List.of(), packages(jar).stream().filter(name -> !KNOWN.matcher(name).find()).toList());
        }
    }

    private static Set<String> packages(ZipFile jar) {
        return jar.stream().map(ZipEntry::getName).filter(name -> name.endsWith(".class") && !name.startsWith("META-INF/"))
                .map(name -> name.replaceFirst("/[^/]+$", "")).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String read(ZipFile jar, String name) throws IOException {
        ZipEntry entry = jar.getEntry(name);
        assertTrue(entry != null, name);
        try (InputStream in = jar.getInputStream(entry)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String text(Element parent, String tag) {
        NodeList found = parent.getElementsByTagName(tag);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent();
    }
}
