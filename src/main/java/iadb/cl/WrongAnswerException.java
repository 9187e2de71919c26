package iadb.cl;

/** A device computes something else than the host does from the same numbers. The message is one line that says what. */
public final class WrongAnswerException extends OpenClException {
    private static final long serialVersionUID = 1L;

    /** @param what is wrong, such as {@code the gradient of layer 2 by the plan fused is 0.3 off} */
    public WrongAnswerException(Device device, String what) {
        super("%s computes wrong results: %s; update its driver (%s %s), or use another device".formatted(device.name(), what,
                device.platformName(), device.driver()));
    }
}
