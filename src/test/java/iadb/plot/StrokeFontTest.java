package iadb.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every character that a picture needs has a glyph. */
class StrokeFontTest {
    private static final String CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            + ".,:-+=()/%×α→²_'";

    @Test
    void everyCharacterLooksLikeNoOther() {
        Map<Integer, Character> seen = new HashMap<>();
        seen.put(picture("é").hashCode(), 'é');
        for (char character : CHARACTERS.toCharArray()) {
            Character same = seen.put(picture(String.valueOf(character)).hashCode(), character);
            assertEquals(null, same, () -> character + " looks like " + same);
        }
    }

    @Test
    void charactersWithoutStrokesAreBoxes() {
        assertEquals(picture("é"), picture("\uD83D\uDE00"));
        assertTrue(picture("é").contains("1"));
        assertFalse(picture(" ").contains("1"));
    }

    @Test
    void widthIsThatOfTheDrawing() {
        double width = StrokeFont.width("H", 24);
        int rightmost = 0;
        String picture = picture("H");
        for (int p = 0; p < picture.length(); p++) {
            rightmost = picture.charAt(p) == '1' ? Math.max(rightmost, p % 40) : rightmost;
        }
        // the strokes' own width, 2.8 pixels, goes half beyond the right end of the line at 8 + width
        assertEquals(8 + width + 1.4, rightmost + 0.5, 1);
        assertEquals(0, StrokeFont.width("", 24));
        assertEquals(2 * StrokeFont.width("0123 = ab", 12), StrokeFont.width("0123 = ab", 24), 1e-9);
    }

    /** A line of text on 40 × 40 pixels, capitals 24 high: 1 where it is more than half covered, 0 elsewhere. */
    private static String picture(String text) {
        BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        StrokeFont.draw(g, text, 8, StrokeFont.LEFT, 30, 24);
        g.dispose();
        StringBuilder bits = new StringBuilder();
        for (int p = 0; p < 1600; p++) {
            bits.append((image.getRGB(p % 40, p / 40) & 255) > 127 ? '1' : '0');
        }
        return bits.toString();
    }
}
