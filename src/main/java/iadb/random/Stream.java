package iadb.random;

/** What a random number is for: the third counter word of {@link Philox}, so that no two purposes share numbers. */
public enum Stream {
    /** Rows of the training batches; {@code STREAM_TRAINING_ROWS} in {@code cl/philox.cl}. */
    TRAINING_ROWS,
    /** The data set of p0. */
    DATA_P0,
    /** The data set of p1. */
    DATA_P1,
    /** Points that the map starts from. */
    START_POINTS,
    /** Fresh points of p1 that a map is judged against. */
    REFERENCE_POINTS,
    /** The network's first weights and biases. */
    INITIAL_PARAMETERS
}
