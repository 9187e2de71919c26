package iadb.view.interop;

import iadb.OpenClLayer;
import java.io.IOException;
import java.util.Map;

/** The OpenCL layer that emulates cl_khr_gl_sharing. */
public final class SharingLayer {
    /** The start of each report of misuse. */
    public static final String MISUSE = "gl-sharing misuse: ";

    private SharingLayer() { }

    /** The environment of a process that uses the layer. */
    public static Map<String, String> environment() throws IOException, InterruptedException {
        return OpenClLayer.environment("gl_sharing_layer");
    }
}
