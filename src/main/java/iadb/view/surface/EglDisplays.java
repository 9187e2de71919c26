package iadb.view.surface;

import static org.lwjgl.egl.EGL10.*;
import static org.lwjgl.system.JNI.callPPI;
import static org.lwjgl.system.JNI.callPPP;
import static org.lwjgl.system.MemoryUtil.NULL;
import static org.lwjgl.system.MemoryUtil.memAddress;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.lwjgl.PointerBuffer;
import org.lwjgl.egl.EGL;
import org.lwjgl.system.MemoryStack;

/**
 * The EGL displays that need no window system, those of GPUs first. Functions are called by address, since LWJGL's own
 * methods refuse a native display of 0 and know no extension before a display is open.
 */
final class EglDisplays {
    private static final int EGL_PLATFORM_DEVICE_EXT = 0x313F;
    private static final int EGL_PLATFORM_SURFACELESS_MESA = 0x31DD;
    private static final int MOST_DEVICES = 32;

    private EglDisplays() {
    }

    /** Displays to try, in this order; none is initialised. */
    static List<Long> toTry() {
        List<Long> displays = new ArrayList<>();
        String known = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS); // null before EGL 1.5
        List<String> extensions = known == null ? List.of() : List.of(known.split(" +"));
        if (extensions.contains("EGL_EXT_platform_device") || extensions.contains("EGL_EXT_platform_base")) {
            devices().forEach(device -> displays.add(platformDisplay(EGL_PLATFORM_DEVICE_EXT, device)));
        }
        if (extensions.contains("EGL_MESA_platform_surfaceless")) {
            displays.add(platformDisplay(EGL_PLATFORM_SURFACELESS_MESA, NULL));
        }
        displays.add(eglGetDisplay(NULL)); // EGL_DEFAULT_DISPLAY
        displays.removeIf(display -> display == EGL_NO_DISPLAY);
        return displays;
    }

    private static List<Long> devices() {
        List<Long> devices = new ArrayList<>();
        long query = function("eglQueryDevicesEXT");
        try (MemoryStack stack = MemoryStack.stackPush()) {
            PointerBuffer found = stack.mallocPointer(MOST_DEVICES);
            IntBuffer count = stack.callocInt(1);
            if (query != NULL && callPPI(MOST_DEVICES, memAddress(found), memAddress(count), query) != 0) {
                for (int i = 0; i < count.get(0); i++) {
                    devices.add(found.get(i));
                }
            }
        }
        return devices;
    }

    private static long platformDisplay(int platform, long nativeDisplay) {
        long function = function("eglGetPlatformDisplayEXT");
        return function == NULL ? EGL_NO_DISPLAY : callPPP(platform, nativeDisplay, NULL, function);
    }

    private static long function(String name) {
        return EGL.getFunctionProvider().getFunctionAddress(name);
    }
}
