package iadb.train;

import java.util.Locale;

/** The loss or a weight of a training became infinite or NaN. The message is one line, with the remedy. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param what is not finite, such as {@code the loss of iteration 7} */
    public DivergedException(String what, float learningRate) {
        super(String.format(Locale.ROOT, "the training diverged: %s is not finite; take a smaller learning rate than %s",
                what, Float.toString(learningRate)));
    }

    /** The same, and what of the training was kept. */
    public DivergedException(DivergedException e, String kept) {
        super(e.getMessage() + "; " + kept, e);
    }
}
