// The built-in densities, drawn by code so that the first run needs no file: shapes that a small network can learn, in smooth
// 16-bit shades, with a margin, since the map moves some points slightly outside a density, and those outside the square are
// lost.
package iadb.density;

import static iadb.density.Sketch.bell;
import static iadb.density.Sketch.edge;
import static iadb.density.Sketch.filled;
import static iadb.density.Sketch.gaussian;
import static iadb.density.Sketch.pen;
import static iadb.density.Sketch.strokes;
import static java.lang.StrictMath.PI;
import static java.lang.StrictMath.atan2;
import static java.lang.StrictMath.cos;
import static java.lang.StrictMath.hypot;
import static java.lang.StrictMath.sin;

import java.lang.ref.SoftReference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleFunction;
import java.util.function.Supplier;

/** The named densities, 512 x 512 each. Drawing one takes about 20 ms; it is kept as long as Java has memory to spare. */
public final class NamedDensities {
    private record Shape(String description, Supplier<Sketch> sketch) { }

    private static final Map<String, Shape> SHAPES = new LinkedHashMap<>(); // in the order of the list
    private static final Map<String, SoftReference<ImageDensity>> DRAWN = new ConcurrentHashMap<>();

    static {
        add("gaussian", "one bell in the middle, sigma 1/8", () -> Sketch.of((x, y) -> gaussian(radius(x, y), 0.125)));
        add("spiral", "a band that winds two and a quarter turns outward", NamedDensities::spiral);
        add("moons", "two half circles, each around the other's tip", NamedDensities::moons);
        add("ring", "one soft circle", () -> circles(0.024, 0.30));
        add("rings", "three soft circles, one inside the other", () -> circles(0.015, 0.11, 0.225, 0.34));
        add("eight-gaussians", "eight narrow bells on a circle", NamedDensities::eightGaussians);
        add("checkerboard", "the eight bright squares of a 4 x 4 board", NamedDensities::checkerboard);
        add("pinwheel", "five curved blades that thin outward", NamedDensities::pinwheel);
        add("trefoil", "a trefoil knot seen from above: a line that crosses itself three times", NamedDensities::trefoil);
        add("flower", "six petals, brighter toward their tips", NamedDensities::flower);
        add("star", "a filled star of five points", NamedDensities::star);
        add("heart", "a filled heart", NamedDensities::heart);
        add("smile", "a round face, two eyes and a mouth", NamedDensities::smile);
        add("letters", "the letters I A D B in two rows", NamedDensities::letters);
        add("uniform", "the same density everywhere in the square", () -> Sketch.of((x, y) -> 1));
    }

    private NamedDensities() { }

    /** All names in a fixed order, the program's defaults gaussian and spiral first. */
    public static List<String> names() { return List.copyOf(SHAPES.keySet()); }

    /** The density with this name, with the same weights at each call; empty if none has it. */
    public static Optional<ImageDensity> find(String name) {
        Shape shape = SHAPES.get(name);
        if (shape == null) {
            return Optional.empty();
        }
        ImageDensity drawn = Optional.ofNullable(DRAWN.get(name)).map(SoftReference::get).orElse(null);
        if (drawn == null) { // two threads may both draw it
            drawn = ImageDensity.named(name, Sketch.SIDE, shape.sketch.get().weights());
            DRAWN.put(name, new SoftReference<>(drawn));
        }
        return Optional.of(drawn);
    }

    /**
     * What the density looks like, in a few words without a full stop.
     *
     * @throws IllegalArgumentException if no density has this name
     */
    public static String description(String name) {
        Shape shape = SHAPES.get(name);
        if (shape == null) {
            throw new IllegalArgumentException("no density is called " + name);
        }
        return shape.description;
    }

    private static void add(String name, String description, Supplier<Sketch> sketch) {
        SHAPES.put(name, new Shape(description, sketch));
    }

    private static Sketch spiral() {
        double turns = 2.25;
        double[] curve = curve(200, t -> {
            double radius = 0.03 + 0.35 * t; // Archimedes' spiral, shifted so that its centre of mass is near the middle
            double angle = 2 * PI * turns * t + PI / 2;
            return point(0.517 + radius * cos(angle), 0.467 + radius * sin(angle));
        });
        return strokes(bell(0.021), 0.105, curve);
    }

    private static Sketch moons() {
        double radius = 0.24;
        double[] upper = curve(90, t -> point(0.5 - radius / 2 + radius * cos(PI * t), 0.44 + radius * sin(PI * t)));
        double[] lower = curve(90, t -> point(0.5 + radius / 2 - radius * cos(PI * t), 0.56 - radius * sin(PI * t)));
        return strokes(bell(0.022), 0.11, upper, lower);
    }

    private static Sketch circles(double sigma, double... radii) {
        return Sketch.of((x, y) -> {
            double sum = 0;
            for (double radius : radii) {
                sum += gaussian(radius(x, y) - radius, sigma);
            }
            return sum;
        });
    }

    private static Sketch eightGaussians() {
        Sketch sketch = Sketch.of((x, y) -> 0);
        for (int k = 0; k < 8; k++) {
            double[] bell = aroundCentre(0.3, PI * k / 4);
            sketch.over(strokes(bell(0.03), 0.15, line(bell[0], bell[1], bell[0], bell[1])));
        }
        return sketch;
    }

    private static Sketch checkerboard() {
        double margin = 56.0 / Sketch.SIDE; // between the margins are four fields of exactly 100 pixels
        double field = 100.0 / Sketch.SIDE;
        return Sketch.of((x, y) -> {
            int column = (int) Math.floor((x - margin) / field);
            int row = (int) Math.floor((y - margin) / field);
            boolean onBoard = column >= 0 && column < 4 && row >= 0 && row < 4;
            return onBoard && (column + row) % 2 == 0 ? 1 : 0;
        });
    }

    private static Sketch pinwheel() {
        int blades = 5;
        return Sketch.of((x, y) -> {
            double r = radius(x, y);
            double angle = atan2(y - 0.5, x - 0.5) + 4.2 * r;
            double offBlade = StrictMath.IEEEremainder(angle, 2 * PI / blades);
            return gaussian(offBlade * r, 0.022 + 0.03 * r) * gaussian(r - 0.2, 0.075);
        });
    }

    private static Sketch trefoil() {
        double[] curve = curve(300, t -> {
            double angle = 2 * PI * t;
            return point(0.5 + 0.12 * (sin(angle) + 2 * sin(2 * angle)), 0.48 + 0.12 * (cos(angle) - 2 * cos(2 * angle)));
        });
        return strokes(bell(0.018), 0.09, curve);
    }

    private static Sketch flower() {
        double[] outline = curve(720, t -> aroundCentre(0.25 + 0.13 * cos(12 * PI * t), 2 * PI * t + PI / 2));
        return filled(outline).times((x, y) -> {
            double r = radius(x, y);
            return edge(r - 0.06) * (0.25 + 2 * r);
        });
    }

    private static Sketch star() {
        double[] outline = curve(10, t -> aroundCentre(StrictMath.round(10 * t) % 2 == 0 ? 0.4 : 0.17, 2 * PI * t + PI / 2));
        return filled(outline).times((x, y) -> 0.35 + 0.65 * gaussian(radius(x, y), 0.16));
    }

    private static Sketch heart() {
        double[] outline = curve(240, t -> {
            double a = 2 * PI * t;
            double s = sin(a);
            return point(0.5 + 0.0225 * 16 * s * s * s,
                    0.53 + 0.0225 * (13 * cos(a) - 5 * cos(2 * a) - 2 * cos(3 * a) - cos(4 * a)));
        });
        return filled(outline).times((x, y) -> 0.4 + 0.6 * gaussian(hypot(x - 0.5, y - 0.56), 0.2));
    }

    private static Sketch smile() {
        double[] face = curve(180, t -> aroundCentre(0.36, 2 * PI * t));
        double[] mouth = curve(60, t -> aroundCentre(0.21, PI * (1.17 + 0.66 * t)));
        double halfWidth = 0.022;
        return strokes(pen(halfWidth), halfWidth + 0.01, face, mouth)
                .over(Sketch.of((x, y) -> edge(0.045 - hypot(Math.abs(x - 0.5) - 0.13, y - 0.6))));
    }

    private static Sketch letters() {
        double[][] strokes = {
            line(0.29, 0.58, 0.29, 0.87), line(0.21, 0.87, 0.37, 0.87), line(0.21, 0.58, 0.37, 0.58),
            line(0.57, 0.58, 0.71, 0.87, 0.85, 0.58), line(0.62, 0.68, 0.80, 0.68),
            line(0.265, 0.42, 0.17, 0.42, 0.17, 0.13, 0.265, 0.13), bow(0.265, 0.275, 0.145),
            line(0.735, 0.42, 0.60, 0.42, 0.60, 0.13, 0.745, 0.13), line(0.60, 0.28, 0.745, 0.28),
            bow(0.735, 0.35, 0.07), bow(0.745, 0.205, 0.075)
        };
        double halfWidth = 0.026;
        return strokes(pen(halfWidth), halfWidth + 0.01, strokes);
    }

    /** The right half of a circle, from its lowest point to its highest. */
    private static double[] bow(double x, double y, double radius) {
        return curve(40, t -> point(x + radius * sin(PI * t), y - radius * cos(PI * t)));
    }

    private static double[] line(double... coordinates) { return coordinates; }

    /** A curve over t in [0, 1] as a polyline. */
    private static double[] curve(int segments, DoubleFunction<double[]> at) {
        double[] polyline = new double[2 * (segments + 1)]; // [segments + 1][2]
        for (int k = 0; k <= segments; k++) {
            System.arraycopy(at.apply((double) k / segments), 0, polyline, 2 * k, 2);
        }
        return polyline;
    }

    private static double[] point(double x, double y) { return new double[] {x, y}; }

    private static double radius(double x, double y) { return hypot(x - 0.5, y - 0.5); }

    private static double[] aroundCentre(double radius, double angle) {
        return point(0.5 + radius * cos(angle), 0.5 + radius * sin(angle));
    }
}
