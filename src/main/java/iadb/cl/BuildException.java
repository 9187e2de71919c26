package iadb.cl;

/** A program does not build on a device. The message is one line; the options and the compiler's log come with it. */
public final class BuildException extends OpenClException {
    private static final long serialVersionUID = 1L;

    private final String options;
    private final String log;

    BuildException(String message, String options, String log) {
        super(message);
        this.options = options;
        this.log = log;
    }

    public String options() { return options; }

    /** What the device's compiler printed, with the names and lines of the files under {@code cl/}. */
    public String log() { return log; }
}
