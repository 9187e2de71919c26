package iadb.random;

/** What a random number is for. Each purpose has its own third counter word of {@link Philox}, so that no two share numbers. */
public enum RandomPurpose {
    /** Rows of the training batches; {@code STREAM_TRAINING_ROWS} in {@code cl/philox.cl}. */
    TRAINING_ROWS(0),
    /** The data set of p0. */
    DATA_P0(1),
    /** The data set of p1. */
    DATA_P1(2),
    /** Points that the map starts from. */
    START_POINTS(3),
    /** Fresh points of p1 that a map is compared with. */
    REFERENCE_POINTS(4),
    /** The network's initial weights and biases. */
    INITIAL_PARAMETERS(5),
    /** The rows of a file of points that are kept if it has too many. */
    FILE_ROWS(6),
    /** The starts of the pairs of a reflow round. */
    REFLOW_POINTS(7),
    /** The directions of the network's encoding. */
    ENCODING_DIRECTIONS(8);

    private final int counterWord;

    RandomPurpose(int counterWord) { this.counterWord = counterWord; }

    /** The third counter word of its draws. */
    public int counterWord() { return counterWord; }
}
