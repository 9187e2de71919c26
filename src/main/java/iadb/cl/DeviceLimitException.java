package iadb.cl;

/** What was requested is larger than the device can hold. The message gives both sizes. */
public final class DeviceLimitException extends OpenClException {
    private static final long serialVersionUID = 1L;

    public DeviceLimitException(String message) { super(message, true); }
}
