package iadb.cli;

import iadb.io.Csv;
import iadb.io.LinePlot;
import iadb.io.Png;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** The loss over a training, as rows at even intervals: each is the mean of the batches' losses since the row before. */
final class LossHistory {
    private static final int ROWS = 256;
    private static final double SMOOTHING = 0.01;

    private final int interval;
    private double[] iterations = new double[ROWS];
    private double[] means = new double[ROWS];
    private int rows;
    private int steps;
    private double sum;
    private int summed;
    private double smoothed = Double.NaN;

    /** @param total steps that the training shall have */
    LossHistory(int total) {
        interval = Math.max(1, total / ROWS);
    }

    /** Adds the losses of further steps, up to the first that is not finite. */
    void add(float[] losses) {
        for (float loss : losses) {
            if (!Float.isFinite(loss)) {
                return;
            }
            steps++;
            smoothed = Double.isNaN(smoothed) ? loss : smoothed + SMOOTHING * (loss - smoothed);
            sum += loss;
            summed++;
            if (steps % interval == 0) {
                endRow();
            }
        }
    }

    /** Steps whose losses were added. */
    int steps() {
        return steps;
    }

    private void endRow() {
        if (rows == means.length) {
            iterations = Arrays.copyOf(iterations, 2 * rows);
            means = Arrays.copyOf(means, 2 * rows);
        }
        iterations[rows] = steps;
        means[rows++] = sum / summed;
        sum = 0;
        summed = 0;
    }

    /** The running mean of the last steps' losses; NaN before the first. */
    double smoothed() {
        return smoothed;
    }

    /** Writes {@code loss.csv} and {@code loss.png}; ends the last row, however short. */
    void write(Path folder) throws IOException {
        if (summed > 0) {
            endRow();
        }
        Csv.write(folder.resolve("loss.csv"), "iteration,loss", rows,
                (row, line) -> line.add((long) iterations[row]).add((float) means[row]));
        Png.write(folder.resolve("loss.png"), LinePlot.render(Arrays.copyOf(iterations, rows),
                Arrays.copyOf(means, rows), "iteration", "loss of a batch"));
    }
}
