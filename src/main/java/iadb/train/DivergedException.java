package iadb.train;

import iadb.model.Model;
import java.util.Locale;
import java.util.Optional;

/** The loss or a weight of a training became infinite or NaN; carries the last network with a finite loss. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Model lastFinite; // null: none
    private final int lastFiniteIteration;

    /**
     * @param what                what is not finite, such as {@code the loss of iteration 7}
     * @param lastFinite          the last network with a finite loss; empty if no step led to one
     * @param lastFiniteIteration the steps to {@code lastFinite}
     */
    public DivergedException(String what, float learningRate, Optional<Model> lastFinite, int lastFiniteIteration) {
        super(String.format(Locale.ROOT, "the training diverged: %s is not finite; take a smaller learning rate than %s", what,
                Float.toString(learningRate)));
        this.lastFinite = lastFinite.orElse(null);
        this.lastFiniteIteration = lastFiniteIteration;
    }

    /** The same exception, with a message that says in {@code kept} what was saved. */
    public DivergedException(DivergedException e, String kept) {
        super(e.getMessage() + "; " + kept, e);
        lastFinite = e.lastFinite;
        lastFiniteIteration = e.lastFiniteIteration;
    }

    /** The last network with a finite loss; empty if no step led to one. */
    public Optional<Model> lastFinite() { return Optional.ofNullable(lastFinite); }

    /** The steps to {@link #lastFinite}. */
    public int lastFiniteIteration() { return lastFiniteIteration; }
}
