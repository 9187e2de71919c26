package iadb.cl;

/** This machine has no OpenCL loader, no driver, or no device. The message says how to get one. */
public final class NoDeviceException extends OpenClException {
    private static final long serialVersionUID = 1L;

    NoDeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
