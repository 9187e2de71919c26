package iadb.plot;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.List;

/** Lines of text as an image, for tools outside of the package. */
public final class StrokeText {
    private static final double MARGIN = 0.06; // of the side
    private static final double CAPITAL = 0.55; // of a line's height

    private StrokeText() { }

    /** Weights [side][side], row 0 at the top: white text, each line as high as fits. */
    public static short[] drawn(int side, List<String> lines) {
        double room = (1 - 2 * MARGIN) * side;
        double line = room / lines.size();
        BufferedImage picture = Chart.draw(side, side, g -> {
            g.setColor(Color.BLACK);
            g.fillRect(0, 0, side, side);
            g.setColor(Color.WHITE);
            for (int i = 0; i < lines.size(); i++) {
                double height = Math.min(CAPITAL * line, CAPITAL * line * room / StrokeFont.width(lines.get(i), CAPITAL * line));
                StrokeFont.draw(g, lines.get(i), side / 2.0, StrokeFont.CENTRE, MARGIN * side + (i + 0.75) * line, height);
            }
        });
        short[] weights = new short[side * side];
        for (int p = 0; p < weights.length; p++) {
            weights[p] = (short) ((picture.getRGB(p % side, p / side) & 255) * 257);
        }
        return weights;
    }
}
