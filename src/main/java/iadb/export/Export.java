package iadb.export;

import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.fault.InvalidInputException;
import iadb.file.AtomicFile;
import iadb.file.BuildVersion;
import iadb.model.Model;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.sample.Integration.Schedule;
import iadb.sample.Solver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A trained map with its steps, to be written as a file that works without this program. Points in and out are in the units of the
 * model's {@link Box}.
 *
 * <p>A log-density needs that of p0, which may be a picture or many points: the exported functions take its logarithm from their
 * caller, and give log|det J|. Only the named density gaussian is inside, as its formula.
 *
 * @param steps T, 1 or more
 */
public record Export(Model model, Solver solver, Schedule schedule, int steps) {
    /** What can be written; a file's ending chooses. */
    public enum Form {
        /** A page that shows the map: see {@link WebPage}. */
        HTML,
        /** Functions for a shader, in GLSL ES 3.00 and 3.30. */
        GLSL,
        /** Functions in C99. */
        C,
        /** A module that needs NumPy only. */
        PY,
        /** A network for ONNX runtimes, which computes one {@link Function}. */
        ONNX;

        /** The ending of its files, with the dot. */
        String ending() { return "." + name().toLowerCase(Locale.ROOT); }

        /**
         * The form of a file by its ending, case ignored.
         *
         * @throws InvalidInputException if no form has this ending
         */
        public static Form of(Path target) {
            String name = String.valueOf(target.getFileName()).toLowerCase(Locale.ROOT);
            return Arrays.stream(values()).filter(form -> name.endsWith(form.ending())).findFirst()
                    .orElseThrow(() -> new InvalidInputException(target + ": unknown format; give a file that ends in " + endings()));
        }

        /** All endings, for a message: {@code .html, .glsl, .c, .py or .onnx}. */
        public static String endings() {
            return Arrays.stream(values()).map(Form::ending).collect(Collectors.joining(", ")).replaceFirst(", ([^,]*)$", " or $1");
        }
    }

    /** What an ONNX file computes; the other forms hold all. */
    public enum Function {
        /** From {@code start} [N, 2] to {@code end} [N, 2]. */
        MAP,
        /** From {@code at} [N, 2] and {@code alpha} [N, 1] to {@code velocity} [N, 2]. */
        VELOCITY,
        /** From {@code start} to {@code end}, {@code log_det} [N] and, if p0 is gaussian, {@code log_density} at the end. */
        LOG_DENSITY;

        /** Its name on the command line. */
        @Override
        public String toString() { return name().toLowerCase(Locale.ROOT).replace('_', '-'); }
    }

    private static final int MOST_CHARS = 400; // of a fact from a model's file

    /** @throws InvalidInputException if the network has a weight that is not finite, or floats cannot hold the box */
    public Export {
        if (!model.network().isFinite()) {
            throw new InvalidInputException("the network has a weight that is infinite or not a number");
        }
        Box box = model.box();
        double largest = Math.max(Math.abs(box.x0()), Math.abs(box.y0())) + box.side();
        if ((float) box.side() < Float.MIN_NORMAL || largest > Float.MAX_VALUE) {
            throw new InvalidInputException("the box of the model is beyond the range of single precision");
        }
    }

    /**
     * Writes a file in the form that its ending names; an earlier one is replaced only when the new one is complete.
     *
     * @param function of an ONNX file; no effect on the other forms
     * @return known limits that the file exceeds, a sentence each; empty for most
     * @throws InvalidInputException if no form has this ending
     * @throws IOException           if the file cannot be written
     */
    public List<String> write(Path file, Function function) throws IOException {
        Form form = Form.of(file);
        if (form == Form.HTML) {
            WebPage.write(List.of(this), file);
            return List.of();
        }
        if (form == Form.ONNX) {
            byte[] content = new OnnxFile(this).bytes(function);
            AtomicFile.write(file, out -> out.write(content));
            return List.of();
        }
        SourceCode code = new SourceCode(this, String.valueOf(file.getFileName()));
        String text = code.text(form);
        AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.US_ASCII)));
        return form == Form.GLSL ? code.exceededLimits(text) : List.of();
    }

    /** What the map is and what made it, a line each, safe in a comment of any language. */
    List<String> facts() {
        NetworkShape shape = model.network().shape();
        Box box = model.box();
        List<String> facts = new ArrayList<>();
        facts.add("A map from " + name(model.p0(), "p0") + " to " + name(model.p1(), "p1") + ": " + steps + " " + solver + " step"
                + (steps == 1 ? "" : "s") + ", schedule " + schedule + ".");
        facts.add("Network: " + shape.depth() + " hidden layers of " + shape.width() + " units" + (shape.features() > 0
                ? ", " + shape.features() + " random Fourier features" : "") + ".");
        facts.add(box.isUnit() ? "Coordinates: x to the right, y upward; the pictures of the densities cover the unit square."
                : "Coordinates: those of the points it was trained with, in the square from (%s, %s) with side %s.".formatted(box.x0(),
                box.y0(), box.side()));
        if (box.needsDoubles()) {
            float largest = (float) Math.max(Math.abs(box.x0()), Math.abs(box.y0()));
            facts.add("In single precision, coordinates are multiples of " + Math.ulp(largest) + ".");
        }
        for (String key : List.of("configuration", "seed", "program")) {
            String fact = model.provenance().get(key);
            if (fact != null) {
                String words = fact.replaceAll("[{}\"]", "").replaceAll(",(?! )", ", ");
                String shown = words.length() <= MOST_CHARS ? words : words.substring(0, MOST_CHARS) + "...";
                facts.add("Trained with " + key + " " + escape(shown) + ".");
            }
        }
        facts.add("Exported by " + escape(BuildVersion.text() + ", commit " + BuildVersion.commit()) + ".");
        return facts;
    }

    private static String name(Optional<Density> density, String otherwise) {
        return escape(density.map(Density::name).orElse(otherwise));
    }

    /** Numbers as bytes, as the files hold them. */
    static byte[] littleEndian(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** Whether log p0 is known as a formula. */
    boolean startsFromGaussian() {
        return model.p0().filter(p0 -> p0 instanceof ImageDensity image && image.isNamed() && image.name().equals("gaussian"))
                .isPresent();
    }

    /**
     * Text from a file's name or content as it may stand in a comment or a string of any language: ASCII letters, digits, blanks and
     * some marks stay, and any other character becomes {@code (U+0022)}. So no text ends a comment or a string, begins a tag, an escape
     * sequence or a trigraph, or changes the direction of a line.
     */
    static String escape(String text) {
        StringBuilder safe = new StringBuilder();
        text.codePoints().forEach(c -> {
            boolean isPlain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
                    || " .,:;_+=()-".indexOf(c) >= 0;
            safe.append(isPlain ? Character.toString(c) : String.format(Locale.ROOT, "(U+%04X)", c));
        });
        return safe.toString();
    }
}
