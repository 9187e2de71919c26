package iadb.cli;

import iadb.fault.InvalidInputException;
import iadb.file.Csv;
import iadb.file.Png;
import iadb.plot.LinePlot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** The loss over a training, as rows at even intervals: each is the mean of the batches' losses since the row before. */
final class LossHistory {
    private static final int ROWS = 256;
    private static final double SMOOTHING = 0.01;
    private static final String INTERVAL = "loss.interval";
    private static final String SUM = "loss.sum";
    private static final String SMOOTHED = "loss.smoothed";

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

    /**
     * As it was at a checkpoint.
     *
     * @param means of whole rows
     * @param facts of {@link #facts}
     * @param step  of the checkpoint
     */
    LossHistory(float[] means, Map<String, String> facts, int step, String file) {
        try {
            interval = Math.max(1, Integer.parseInt(facts.get(INTERVAL)));
            sum = Double.parseDouble(facts.get(SUM));
            smoothed = Double.parseDouble(facts.get(SMOOTHED));
        } catch (NumberFormatException | NullPointerException e) {
            throw new InvalidInputException(file + ": its losses so far are not those of a checkpoint", e);
        }
        if (means.length != step / interval) {
            throw new InvalidInputException("%s: %s rows of losses at step %s".formatted(file, means.length, step));
        }
        steps = step;
        summed = step % interval;
        rows = means.length;
        iterations = new double[Math.max(ROWS, rows)];
        this.means = new double[iterations.length];
        for (int row = 0; row < rows; row++) {
            iterations[row] = (row + 1.0) * interval;
            this.means[row] = means[row];
        }
    }

    /** What it needs beside its whole rows to go on at a later start, as text. */
    Map<String, String> facts() {
        return Map.of(INTERVAL, Integer.toString(interval), SUM, Double.toString(sum), SMOOTHED, Double.toString(smoothed));
    }

    /** The means of the whole rows so far. */
    float[] wholeRows() {
        float[] whole = new float[steps / interval];
        for (int row = 0; row < whole.length; row++) {
            whole[row] = (float) means[row];
        }
        return whole;
    }

    /** Adds the losses of further steps, all of them finite. */
    void add(float[] losses) {
        for (float loss : losses) {
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
        means[rows++] = (float) (sum / summed); // as a checkpoint keeps it
        sum = 0;
        summed = 0;
    }

    /** The running mean of the last steps' losses; NaN before the first. */
    double smoothed() {
        return smoothed;
    }

    /** Writes {@code loss.csv} and {@code loss.png}; the row under way is their last, however short. */
    void write(Path folder) throws IOException {
        int all = rows + (summed > 0 ? 1 : 0);
        double[] x = Arrays.copyOf(iterations, all);
        double[] y = Arrays.copyOf(means, all);
        if (summed > 0) {
            x[rows] = steps;
            y[rows] = sum / summed;
        }
        Csv.write(folder.resolve("loss.csv"), "iteration,loss", all, (row, line) -> line.add((long) x[row]).add((float) y[row]));
        Png.write(folder.resolve("loss.png"), LinePlot.render(x, y, "iteration", "loss of a batch"));
    }
}
