package iadb.cl;

/** This machine has no OpenCL loader, no driver, or no device. The message says how to get one. */
public final class NoDeviceException extends OpenClException {
    static final String HOW_TO_GET_OPENCL =
            "install your GPU's driver, or PoCL for the CPU (Debian, Ubuntu: apt install pocl-opencl-icd; "
            + "Fedora: dnf install pocl; Arch: pacman -S pocl; macOS: brew install pocl), which needs a HOME or POCL_CACHE_DIR"
            + " that it may write to";
    static final String NO_LOADER = "no OpenCL loader on this machine; " + HOW_TO_GET_OPENCL;

    private static final long serialVersionUID = 1L;

    NoDeviceException(String message, Throwable cause) { super(message, cause); }
}
