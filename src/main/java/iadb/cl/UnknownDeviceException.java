package iadb.cl;

/** No device of this machine matches what was asked for. The message lists those there are. */
public final class UnknownDeviceException extends OpenClException {
    private static final long serialVersionUID = 1L;

    UnknownDeviceException(String message) {
        super(message);
    }
}
