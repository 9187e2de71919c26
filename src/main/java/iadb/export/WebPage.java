package iadb.export;

import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.PointDensity;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.AtomicFile;
import iadb.file.BuildVersion;
import iadb.file.Json;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.plot.Palette;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * A web page that draws maps side by side and offers them as functions, in one file that loads nothing: markup, style and
 * script from {@code export/page/}, and the models as JSON in a block that the browser does not execute. The page's policy names the hashes of its
 * style and script, so that no other text in it can become code. ASCII.
 */
public final class WebPage {
    /** The most maps of a page. */
    public static final int MAX_MAPS = 4;

    private static final List<String> SCRIPTS = List.of("map.js", "plain.js", "gpu.js", "page.js"); // each uses those before
    private static final int SHOWN_SIDE = 256; // the most pixels of a picture that is shown, along each side
    private static final int EXACT_SIDE = 1024; // of a picture whose values log-densities need
    private static final int MAX_POINTS = 65_536; // of p0
    private static final int ACCENT = 11; // hue
    private static final double ON_LIGHT = 0.45; // of a hue's light
    private static final Pattern SETTING = Pattern.compile("\"(\\w{1,20})\": ?(\"(?:[^\"\\\\]|\\\\.){0,300}\"|[-+.\\w]{1,40})");

    private final List<Export> maps;

    private WebPage(List<Export> maps) { this.maps = maps; }

    /**
     * Writes a page; an earlier file is replaced only when the new one is complete.
     *
     * @param maps 1 to {@value #MAX_MAPS}, with the same steps
     * @throws InvalidInputException if there are more
     * @throws IOException           if the file cannot be written
     */
    public static void write(List<Export> maps, Path file) throws IOException {
        if (maps.isEmpty() || maps.size() > MAX_MAPS) {
            throw new InvalidInputException("a page shows 1 to " + MAX_MAPS + " models, not " + maps.size());
        }
        String text = new WebPage(maps).text();
        AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private String text() {
        int accent = Palette.hueColour(ACCENT);
        String style = Template.fill("page/page.css", Map.of("paper", colour(Palette.PAPER), "ink", colour(Palette.INK),
                "ink_rgb", (Palette.INK >> 16) + " " + (Palette.INK >> 8 & 255) + " " + (Palette.INK & 255),
                "accent", colour(accent), "accent_light", colour(Palette.blend(0, accent, ON_LIGHT))));
        String script = SCRIPTS.stream().map(name -> Template.fill("page/" + name, Map.of()))
                .collect(Collectors.joining("\n", "\"use strict\";\n{\n", "}\n"));
        return Template.fill("page/page.html", Map.of("title", escaped(title()), "style", style, "style_hash", hash(style),
                "data", inScript(Json.line(data())), "script", script, "script_hash", hash(script)));
    }

    private static String colour(int rgb) { return String.format(Locale.ROOT, "#%06x", rgb); }

    private static String hash(String text) {
        try {
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Text as it may stand in an element: other characters than letters, digits and blanks become references. */
    private static String escaped(String text) {
        return text.codePoints().mapToObj(c -> c < 128 && (Character.isLetterOrDigit(c) || c == ' ') ? Character.toString(c)
                : "&#" + c + ";").collect(Collectors.joining());
    }

    /** JSON as it may stand in a script element: marks of markup, which only its strings have, become escape sequences. */
    private static String inScript(String json) {
        StringBuilder safe = new StringBuilder(json.length());
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            boolean isMark = c == '<' || c == '>' || c == '&' || c >= 127;
            safe.append(isMark ? String.format(Locale.ROOT, "\\u%04x", (int) c) : Character.toString(c));
        }
        return safe.toString();
    }

    private String title() {
        List<String> titles = maps.stream().map(map -> names(map).get(0) + " \u2192 " + names(map).get(1)).distinct().toList();
        return titles.size() == 1 ? titles.get(0) : maps.size() + " maps";
    }

    private static List<String> names(Export map) {
        return List.of(name(map.model().p0(), "p0"), name(map.model().p1(), "p1"));
    }

    private static String name(Optional<Density> density, String otherwise) {
        String name = density.map(Density::name).map(text -> UntrustedText.shown(text)).orElse(otherwise);
        return name.isBlank() ? otherwise : name;
    }

    private Map<String, Object> data() {
        Export first = maps.get(0);
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("title", title());
        data.put("paper", colour(Palette.PAPER));
        data.put("ink", colour(Palette.INK));
        data.put("hues", IntStream.range(0, Palette.HUES).mapToObj(hue -> colour(Palette.hueColour(hue))).toList());
        data.put("solver", first.solver().toString());
        data.put("schedule", first.schedule().toString());
        data.put("steps", first.steps());
        List<String> labels = labels();
        data.put("models", IntStream.range(0, maps.size()).mapToObj(i -> model(maps.get(i), labels.get(i))).toList());
        return data;
    }

    private static Map<String, Object> model(Export map, String label) {
        NetworkShape shape = map.model().network().shape();
        Box box = map.model().box();
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("label", label);
        model.put("names", names(map));
        model.put("facts", facts(map).entrySet().stream().map(fact -> List.of(fact.getKey(), fact.getValue())).toList());
        model.put("box", Map.of("x0", box.x0(), "y0", box.y0(), "side", box.side()));
        float[] parameters = map.model().network().parameters();
        model.put("network", Map.of("width", shape.width(), "depth", shape.depth(), "features", shape.features(),
                "weights", weights(shape), "parameters", Base64.getEncoder().encodeToString(Export.littleEndian(parameters))));
        model.put("p0", map.model().p0().map(density -> density(density, map)).orElse(null));
        model.put("p1", map.model().p1().map(WebPage::shown).orElse(null));
        return model;
    }

    /** The numbers that are learned; in memory, the layers' offsets may leave others unused. */
    private static int weights(NetworkShape shape) {
        return IntStream.range(0, shape.layers()).map(l -> (shape.inputs(l) + 1) * shape.outputs(l)).sum();
    }

    /** A density as a picture in 8 bits. */
    private static Map<String, Object> shown(Density density) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("kind", "picture");
        shown.put("aspect", density.aspect());
        shown.put("picture", picture(density.image(), SHOWN_SIDE, 8));
        return shown;
    }

    /** The density p0, with what drawing start points and log-densities need. */
    private static Map<String, Object> density(Density p0, Export map) {
        Map<String, Object> density = shown(p0);
        if (map.startsFromGaussian()) {
            density.put("kind", "gaussian");
            density.put("slope", SourceCode.GAUSSIAN_SLOPE);
            // per unit of the square
            density.put("logAtCentre", SourceCode.logAtCentre(map.model()) - map.model().box().logDensityOffset());
        } else if (p0 instanceof PointDensity points) {
            float[] all = points.points();
            int count = Math.min(points.count(), MAX_POINTS);
            float[] some = new float[2 * count];
            for (int n = 0; n < count; n++) {
                int row = (int) ((long) n * points.count() / count);
                some[2 * n] = all[2 * row];
                some[2 * n + 1] = all[2 * row + 1];
            }
            density.put("kind", "points");
            density.put("count", count);
            density.put("noise", points.noise());
            density.put("bandwidth", points.estimateBandwidth() / points.box().side());
            density.put("points", deflated(Export.littleEndian(some)));
        } else {
            density.put("levels", picture(p0.image(), EXACT_SIDE, 16));
        }
        return density;
    }

    /** A picture in at most {@code most} pixels along each side, [h][w], each level as the difference from the one before. */
    private static Map<String, Object> picture(ImageDensity image, int most, int bits) {
        int block = (Math.max(image.width(), image.height()) + most - 1) / most;
        int width = (image.width() + block - 1) / block;
        int height = (image.height() + block - 1) / block;
        double[] sums = new double[width * height];
        short[] weights = image.weights();
        for (int i = 0; i < weights.length; i++) {
            sums[i / image.width() / block * width + i % image.width() / block] += Short.toUnsignedInt(weights[i]);
        }
        double highest = block == 1 ? image.brightest() : Arrays.stream(sums).max().orElseThrow();
        double white = bits == 16 && block == 1 ? highest : (1 << bits) - 1; // unchanged, or as bright as possible
        ByteBuffer bytes = ByteBuffer.allocate(sums.length * bits / 8).order(ByteOrder.LITTLE_ENDIAN);
        long before = 0;
        for (double sum : sums) {
            long level = Math.round(sum / highest * white);
            if (bits == 8) {
                bytes.put((byte) (level - before));
            } else {
                bytes.putShort((short) (level - before));
            }
            before = level;
        }
        return Map.of("width", width, "height", height, "bits", bits, "data", deflated(bytes.array()));
    }

    /** A zlib stream in base64. */
    private static String deflated(byte[] bytes) {
        ByteArrayOutputStream deflated = new ByteArrayOutputStream();
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        try (DeflaterOutputStream out = new DeflaterOutputStream(deflated, deflater)) {
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            deflater.end();
        }
        return Base64.getEncoder().encodeToString(deflated.toByteArray());
    }

    /** What a map is and what made it. */
    private static Map<String, String> facts(Export map) {
        Map<String, String> facts = new LinkedHashMap<>();
        NetworkShape shape = map.model().network().shape();
        Box box = map.model().box();
        map.model().p0().ifPresent(p0 -> facts.put("p0", described(p0, EXACT_SIDE)));
        map.model().p1().ifPresent(p1 -> facts.put("p1", described(p1, Integer.MAX_VALUE)));
        facts.put("network", String.format(Locale.ROOT, "%s hidden layers of %s units%s: %,d weights", shape.depth(),
                shape.width(), shape.features() > 0 ? ", " + shape.features() + " random Fourier features" : "", weights(shape)));
        if (!box.isUnit()) {
            facts.put("square", "from (" + box.x0() + ", " + box.y0() + ") with side " + box.side());
        }
        Map<String, String> settings = settings(map);
        if (!settings.isEmpty()) {
            facts.put("training", settings.entrySet().stream().map(setting -> setting.getKey() + " " + setting.getValue())
                    .collect(Collectors.joining(", ")));
        }
        for (String key : List.of("seed", "program")) {
            String fact = map.model().provenance().get(key);
            if (fact != null) {
                facts.put(key.equals("program") ? "trained by" : key, UntrustedText.shown(fact));
            }
        }
        facts.put("exported by", BuildVersion.text() + ", commit " + BuildVersion.commit());
        return facts;
    }

    private static String described(Density density, int exactSide) {
        String name = UntrustedText.shown(density.name());
        if (density instanceof PointDensity points) {
            boolean isReduced = points.count() > MAX_POINTS && exactSide < Integer.MAX_VALUE;
            return String.format(Locale.ROOT, "%s, %,d points%s", name, points.count(), isReduced
                    ? String.format(Locale.ROOT, " (%,d of them here)", MAX_POINTS) : "");
        }
        ImageDensity image = density.image();
        boolean reduced = Math.max(image.width(), image.height()) > exactSide;
        return image.isNamed() ? name : name + ", " + image.width() + " \u00d7 " + image.height() + " pixels"
                + (reduced ? ", averaged to at most " + exactSide + " here" : "");
    }

    /** The settings of a training, as its model records them, without the densities and how the program computed. */
    private static Map<String, String> settings(Export map) {
        Map<String, String> settings = new LinkedHashMap<>();
        Matcher setting = SETTING.matcher(map.model().provenance().getOrDefault("configuration", ""));
        while (setting.find()) {
            if (!List.of("p0", "p1", "plan", "tuning", "width", "depth").contains(setting.group(1))) {
                String value = setting.group(2).replaceAll("[\"\\\\]", "");
                settings.put(setting.group(1).replace('_', ' '), UntrustedText.shown(value));
            }
        }
        return settings;
    }

    /** What tells each of the maps from the others. */
    private List<String> labels() {
        List<Map<String, String>> all = new ArrayList<>();
        for (Export map : maps) {
            Map<String, String> properties = new LinkedHashMap<>();
            NetworkShape shape = map.model().network().shape();
            properties.put("", String.join(" \u2192 ", names(map)));
            properties.put("width", Integer.toString(shape.width()));
            properties.put("depth", Integer.toString(shape.depth()));
            properties.putAll(settings(map));
            properties.put("seed", UntrustedText.shown(map.model().provenance().getOrDefault("seed", "")));
            all.add(properties);
        }
        Map<String, String> absent = Map.of("coupling", "independent", "encoding", "none", "reflow", "0",
                "lr schedule", "constant", "ema", "0");
        List<String> keys = all.stream().flatMap(properties -> properties.keySet().stream()).distinct().toList();
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            Map<String, String> own = all.get(i);
            String label = keys.stream()
                    .filter(key -> all.stream().map(other -> other.getOrDefault(key, absent.getOrDefault(key, ""))).distinct()
                            .count() > 1)
                    .map(key -> (key + " " + own.getOrDefault(key, absent.getOrDefault(key, "unknown"))).strip())
                    .collect(Collectors.joining(", "));
            labels.add(label.isEmpty() ? "model " + (i + 1) : label);
        }
        return labels;
    }
}
