package iadb.train;

import iadb.fault.InvalidInputException;
import java.util.Arrays;
import java.util.Map;

/** The loss over a training, in rows of a fixed number of steps: a row is the mean over its steps of the batch's summed loss. */
public final class LossHistory {
    private static final int ROWS = 256;
    private static final double SMOOTHING = 0.01;
    private static final String INTERVAL = "loss.interval";
    private static final String SUM = "loss.sum";
    private static final String SMOOTHED = "loss.smoothed";

    private final int interval; // steps per row
    private float[] means = new float[ROWS]; // of the complete rows
    private int steps;
    private double sum; // of the losses of the incomplete row
    private double smoothed = Double.NaN;

    /** @param total planned steps of the training */
    public LossHistory(int total) {
        interval = Math.max(1, total / ROWS);
    }

    /**
     * Restores the history of a checkpoint.
     *
     * @param means of the complete rows
     * @param facts from {@link #facts}
     * @param step  of the checkpoint
     */
    public LossHistory(float[] means, Map<String, String> facts, int step, String file) {
        try {
            interval = Math.max(1, Integer.parseInt(facts.get(INTERVAL)));
            sum = Double.parseDouble(facts.get(SUM));
            smoothed = Double.parseDouble(facts.get(SMOOTHED));
        } catch (NumberFormatException | NullPointerException e) {
            throw new InvalidInputException(file + ": its loss history is missing or invalid", e);
        }
        if (means.length != step / interval) {
            throw new InvalidInputException("%s: %s rows of losses do not fit %s steps".formatted(file, means.length, step));
        }
        steps = step;
        this.means = Arrays.copyOf(means, Math.max(ROWS, means.length));
    }

    /** What a checkpoint stores in addition to {@link #completeRows}, as text. */
    Map<String, String> facts() {
        return Map.of(INTERVAL, Integer.toString(interval), SUM, Double.toString(sum), SMOOTHED, Double.toString(smoothed));
    }

    /** The means of the complete rows. */
    float[] completeRows() {
        return Arrays.copyOf(means, steps / interval);
    }

    /** Adds the losses of further steps, all of them finite. */
    public void add(float[] losses) {
        for (float loss : losses) {
            steps++;
            smoothed = Double.isNaN(smoothed) ? loss : smoothed + SMOOTHING * (loss - smoothed);
            sum += loss;
            if (steps % interval == 0) {
                endRow(steps / interval - 1);
            }
        }
    }

    private void endRow(int row) {
        means = row < means.length ? means : Arrays.copyOf(means, 2 * row);
        means[row] = (float) (sum / interval); // a float, as in a checkpoint
        sum = 0;
    }

    /** Steps whose losses were added. */
    public int steps() { return steps; }

    /** The running mean of the last steps' losses; NaN before the first. */
    public double smoothed() { return smoothed; }

    /** [2][rows]: the last step of each row, and its mean loss; the last row may have fewer steps than the others. */
    public double[][] curve() {
        int complete = steps / interval;
        int rest = steps % interval;
        double[][] curve = new double[2][complete + (rest > 0 ? 1 : 0)];
        for (int row = 0; row < complete; row++) {
            curve[0][row] = (row + 1.0) * interval;
            curve[1][row] = means[row];
        }
        if (rest > 0) {
            curve[0][complete] = steps;
            curve[1][complete] = sum / rest;
        }
        return curve;
    }
}
