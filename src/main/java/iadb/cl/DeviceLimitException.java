package iadb.cl;

/** What was asked for is larger than the device can hold. The message says both sizes. */
public final class DeviceLimitException extends OpenClException {
    private static final long serialVersionUID = 1L;

    public DeviceLimitException(String message) {
        super(message);
    }

    @Override
    public boolean isOutOfMemory() {
        return true;
    }
}
