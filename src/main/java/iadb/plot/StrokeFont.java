package iadb.plot;

import java.awt.BasicStroke;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Draws text as strokes, since AWT's fonts need libraries and files that a minimal system lacks. Glyphs lie on a grid:
 * y is 4 on the baseline, 12 at the top of small letters, 16 at the top of capitals, 0 under descenders. A glyph is
 * polylines separated by commas. A vertex is two base-36 digits, x and y; an 'o' after them makes it the control point of a
 * curve that starts and ends at its neighbours, or halfway to a neighbour that has an 'o' too.
 */
final class StrokeFont {
    /** Anchors: the position of x in the text, as a share of its width. */
    static final double LEFT = 0;
    static final double CENTRE = 0.5;
    static final double RIGHT = 1;

    private static final int BASELINE = 4;
    private static final int CAPITAL_UNITS = 12;
    private static final double GAP_UNITS = 3.4;
    private static final double SPACE_UNITS = 2.5;
    private static final double WEIGHT = 0.115;
    private static final double MIN_WEIGHT_PIXELS = 1.15;

    /** A character, a space and the character's polylines. */
    private static final String[] SHAPES = {
        "0 3g 0go 04o 64o 6go 3g", "1 1d 4g 44", "2 0d 0go 3g 6go 6d 6ao 04 64",
        "3 0e 0go 3g 6go 6d 6ao 3a 6ao 67 64o 34 04o 06", "4 44 4g 08 68", "5 6g 0g 0b 3b 6bo 68 64o 34 04o 06",
        "6 5g 0go 07 04o 34 64o 67 6ao 3a 0ao 07", "7 0g 6g 24",
        "8 3a 0ao 0d 0go 3g 6go 6d 6ao 3a 0ao 07 04o 34 64o 67 6ao 3a", "9 14 64o 6d 6go 3g 0go 0d 0ao 3a 6ao 6d",
        "A 04 4g 84,17 77", "B 04 0g 4g 7go 7d 7ao 4a 0a,4a 7ao 77 74o 44 04", "C 7d 7go 4g 0go 0a 04o 44 74o 77",
        "D 04 0g 3g 7go 7a 74o 34 04", "E 6g 0g 04 64,0a 5a", "F 6g 0g 04,0a 5a",
        "G 7d 7go 4g 0go 0a 04o 44 74o 77 7a 4a", "H 04 0g,74 7g,0a 7a", "I 04 0g", "J 5g 57 54o 24 04o 07",
        "K 04 0g,7g 09,2b 74", "L 0g 04 64", "M 04 0g 47 8g 84", "N 04 0g 74 7g", "O 4g 0go 04o 84o 8go 4g",
        "P 04 0g 4g 7go 7d 7ao 4a 0a", "Q 4g 0go 04o 84o 8go 4g,56 83", "R 04 0g 4g 7go 7d 7ao 4a 0a,3a 74",
        "S 7e 7go 4g 0go 0d 0ao 4a 7ao 77 74o 44 04o 06", "T 0g 8g,4g 44", "U 0g 08 04o 44 84o 88 8g", "V 0g 44 8g",
        "W 0g 24 5f 84 ag", "X 0g 74,7g 04", "Y 0g 4a 8g,4a 44", "Z 0g 7g 04 74",
        "a 68 6co 3c 0co 08 04o 34 64o 68,6c 64", "b 0g 04,08 0co 3c 6co 68 64o 34 04o 08",
        "c 6a 6co 3c 0co 08 04o 34 64o 66", "d 6g 64,68 6co 3c 0co 08 04o 34 64o 68",
        "e 08 68 6co 3c 0co 08 04o 34 54o 66", "f 5g 2go 2d 24,0c 5c",
        "g 68 6co 3c 0co 08 04o 34 64o 68,6c 63 60o 30 00o 02", "h 0g 04,08 0co 3c 6co 69 64", "i 04 0c,0f 0g",
        "j 2c 23 20o 00,2f 2g", "k 04 0g,6c 07,29 64", "l 0g 06 04o 24",
        "m 04 0c,08 0co 3c 5co 59 54,58 5co 8c aco a9 a4", "n 04 0c,08 0co 3c 6co 69 64", "o 3c 0co 04o 64o 6co 3c",
        "p 0c 00,08 0co 3c 6co 68 64o 34 04o 08", "q 6c 60,68 6co 3c 0co 08 04o 34 64o 68", "r 04 0c,08 0co 3c 4c",
        "s 6b 6co 3c 0co 0a 08o 38 68o 66 64o 34 04o 05", "t 2f 27 24o 54,0c 5c", "u 0c 07 04o 34 64o 68,6c 64",
        "v 0c 34 6c", "w 0c 24 4b 64 8c", "x 0c 64,6c 04", "y 0c 34,6c 21 10o 00", "z 0c 6c 04 64", ". 04 05",
        ", 15 14 02", ": 04 05,0a 0b", "- 0a 5a", "+ 0a 6a,37 3d", "= 08 68,0c 6c", "( 3h 0do 09 05o 31",
        ") 0h 3do 39 35o 01", "/ 03 5g", "% 2g 0go 0co 4co 4go 2g,84 64o 68o a8o a4o 84,14 9g", "× 07 6d,0d 67",
        "α 7c 64o 34 04o 08 0co 3c 6co 74", "→ 0a 9a,6d 9a 67", "² 0f 0go 2g 4go 4f 4do 0a 4a", "_ 02 62", "' 0d 0g",
    };

    private static final Glyph UNKNOWN = glyph("04 0g 6g 64 04");
    private static final Map<Integer, Glyph> GLYPHS = new HashMap<>();

    static {
        GLYPHS.put((int) ' ', new Glyph(new Path2D.Double(), SPACE_UNITS));
        for (String shape : SHAPES) {
            GLYPHS.put(shape.codePointAt(0), glyph(shape.substring(2)));
        }
    }

    /**
     * A character's strokes.
     *
     * @param path  in grid units, y upward from the baseline
     * @param width in grid units
     */
    private record Glyph(Path2D path, double width) { }

    private StrokeFont() { }

    /**
     * Draws a line of text in the current colour; an unknown character is drawn as a box.
     *
     * @param x      the anchor's position, in pixels
     * @param anchor {@link #LEFT}, {@link #CENTRE} or {@link #RIGHT}
     * @param y      the baseline, in pixels
     * @param height of a capital, in pixels
     */
    static void draw(Graphics2D g, String text, double x, double anchor, double y, double height) {
        double scale = height / CAPITAL_UNITS;
        Path2D line = new Path2D.Double();
        double left = x - anchor * width(text, height);
        for (int character : text.codePoints().toArray()) {
            Glyph glyph = find(character);
            line.append(glyph.path().getPathIterator(new AffineTransform(scale, 0, 0, -scale, left, y)), false);
            left += (glyph.width() + GAP_UNITS) * scale;
        }
        Graphics2D pen = (Graphics2D) g.create();
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        pen.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        float weight = (float) Math.max(MIN_WEIGHT_PIXELS, WEIGHT * height);
        pen.setStroke(new BasicStroke(weight, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        pen.draw(line);
        pen.dispose();
    }

    /** The width, in pixels, of a line of text whose capitals are {@code height} pixels high. */
    static double width(String text, double height) {
        double units = text.codePoints().mapToDouble(character -> find(character).width() + GAP_UNITS).sum();
        return Math.max(0, units - GAP_UNITS) * height / CAPITAL_UNITS;
    }

    private static Glyph find(int character) { return GLYPHS.getOrDefault(character, UNKNOWN); }

    private static Glyph glyph(String polylines) {
        Path2D path = new Path2D.Double();
        double width = 0;
        for (String polyline : polylines.split(",")) {
            String[] vertices = polyline.split(" ");
            path.moveTo(x(vertices[0]), y(vertices[0]));
            for (int i = 1; i < vertices.length; i++) {
                if (isRounded(vertices[i])) {
                    String next = vertices[i + 1];
                    double share = isRounded(next) ? 0.5 : 1;
                    double x = x(vertices[i]);
                    double y = y(vertices[i]);
                    path.quadTo(x, y, x + (x(next) - x) * share, y + (y(next) - y) * share);
                } else if (!isRounded(vertices[i - 1])) {
                    path.lineTo(x(vertices[i]), y(vertices[i]));
                }
            }
            width = Math.max(width, Arrays.stream(vertices).mapToDouble(StrokeFont::x).max().orElse(0));
        }
        return new Glyph(path, width);
    }

    private static boolean isRounded(String vertex) { return vertex.length() == 3; }

    private static double x(String vertex) { return Character.digit(vertex.charAt(0), 36); }

    private static double y(String vertex) { return Character.digit(vertex.charAt(1), 36) - BASELINE; }
}
