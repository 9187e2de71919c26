package iadb.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the corner of the window tells: how the training goes, what moves and on which device, and the chosen point. */
final class StatusText {
    private StatusText() {
    }

    /**
     * @param way of the chosen point, [frames, 2]; null: none is chosen
     */
    static Panel.Status of(Learning learning, Movement movement, FrameTimes times, String transfer, String device,
            int chosenPoint, float[] way) {
        List<String> lines = new ArrayList<>();
        Optional<Double> progress = Optional.empty();
        if (learning.running()) {
            lines.add(line("%,d of %,d iterations", learning.done(), learning.goal()));
            lines.add(line("%,.0f a second, loss %.2f", learning.iterationsPerSecond(), learning.curve().recent()));
            progress = Optional.of(learning.done() / (double) learning.goal());
            if (movement.previewSteps() < movement.T()) {
                lines.add(line("previews in %d steps", movement.previewSteps()));
            }
        } else if (times.count() == 0) {
            lines.add("building kernels");
        } else if (learning.hasTrained()) {
            lines.add(line("%,d iterations, loss %.2f", learning.done(), learning.curve().recent()));
        }
        lines.add(line("%,d points, %s", movement.flow().points(), transfer));
        lines.add(device);
        if (times.count() > 0) {
            lines.add(line("%.0f frames a second", 1000 / times.smoothedMillis()));
        }
        if (way != null) {
            int end = way.length - 2;
            lines.add(line("point %,d of %,d", chosenPoint + 1, movement.flow().points()));
            lines.add(line("from (%.4f, %.4f)", way[0], way[1]));
            lines.add(line("to (%.4f, %.4f)", way[end], way[end + 1]));
            lines.add(line("way %.4f, straight %.4f", length(way), Math.hypot(way[end] - way[0], way[end + 1] - way[1])));
        }
        Optional<LossCurve> curve = learning.curve().count() > 1 ? Optional.of(learning.curve()) : Optional.empty();
        return new Panel.Status(lines, curve, progress);
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static double length(float[] way) {
        double sum = 0;
        for (int i = 2; i < way.length; i += 2) {
            sum += Math.hypot(way[i] - way[i - 2], way[i + 1] - way[i - 1]);
        }
        return sum;
    }
}
