package iadb.fault;

/**
 * An input is wrong: a file, an option's value or a density. The message is one line that says what is wrong and what
 * would be right; the command line prints it as it is and exits with 2.
 */
public final class InvalidInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one line: what is wrong, and what would be right */
    public InvalidInputException(String message) {
        super(message);
    }

    /**
     * @param message one line: what is wrong, and what would be right
     * @param cause   what was thrown where the fault showed, for {@code --verbose}
     */
    public InvalidInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
