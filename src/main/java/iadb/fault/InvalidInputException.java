package iadb.fault;

import java.util.Optional;

/** An input is wrong: a file, a setting's value or a density. The message is one line: what is wrong, and what would be right. */
public final class InvalidInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A setting that the user changes to mend the input; the command line has an option for each. */
    public enum Setting {
        /** The density that the map starts from. */
        P0,
        /** The density that the map arrives at. */
        P1,
        /** Whether dark pixels are dense. */
        INVERT,
        /** Which densities can be named. */
        NAMED_DENSITIES,
        /** Whether a training writes checkpoints. */
        CHECKPOINTS,
        /** Training steps in all. */
        ITERATIONS
    }

    private final Setting setting; // null: none

    public InvalidInputException(String message) {
        this(message, null, null);
    }

    /** @param setting mends it */
    public InvalidInputException(String message, Setting setting) {
        this(message, setting, null);
    }

    public InvalidInputException(String message, Throwable cause) {
        this(message, null, cause);
    }

    public InvalidInputException(String message, Setting setting, Throwable cause) {
        super(message, cause);
        this.setting = setting;
    }

    /** The setting that mends it; empty where another file or value does. */
    public Optional<Setting> setting() { return Optional.ofNullable(setting); }
}
