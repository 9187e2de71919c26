package iadb.fault;

import java.util.Locale;
import java.util.Optional;

/** An input is wrong: a file, a setting's value or a density. The message is one line: what is wrong, and what would be right. */
public final class InvalidInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A setting that the user can change to correct the input; the command line has an option for each. */
    public enum Setting {
        /** The density that the map starts from. */
        P0,
        /** The density that the map ends at. */
        P1,
        /** Whether dark pixels are dense. */
        INVERT,
        /** Which densities can be named. */
        NAMED_DENSITIES,
        /** Whether a training writes checkpoints. */
        CHECKPOINTS,
        /** The total number of training steps. */
        ITERATIONS
    }

    private final Setting setting; // null: none

    public InvalidInputException(String message) { this(message, null, null); }

    /** @param setting the setting to change */
    public InvalidInputException(String message, Setting setting) { this(message, setting, null); }

    public InvalidInputException(String message, Throwable cause) { this(message, null, cause); }

    public InvalidInputException(String message, Setting setting, Throwable cause) {
        super(message, cause);
        this.setting = setting;
    }

    /** The setting to change; empty if the remedy is another file or value. */
    public Optional<Setting> setting() { return Optional.ofNullable(setting); }

    /** Throws unless {@code value}, of the setting {@code name}, is from 1 to {@code max}. */
    public static void requireRange(String name, int value, int max) {
        if (value < 1 || value > max) {
            throw new InvalidInputException(String.format(Locale.ROOT, "%s %d is not a whole number from 1 to %,d", name, value, max));
        }
    }
}
