package iadb.view.surface;

import static org.lwjgl.glfw.GLFW.*;

import org.lwjgl.glfw.GLFWNativeEGL;
import org.lwjgl.glfw.GLFWNativeGLX;
import org.lwjgl.glfw.GLFWNativeWGL;
import org.lwjgl.glfw.GLFWNativeX11;
import org.lwjgl.opengl.CGL;
import org.lwjgl.opengl.WGL;

/**
 * The properties with which clCreateContext takes an OpenGL context, one set for each window system. Tried on Linux:
 * GLX, and EGL without a window. Never tried, for want of such machines: EGL of a window (Wayland), WGL (Windows), CGL
 * (macOS).
 */
final class SharingProperties {
    // cl_gl.h and, for the last, Apple's cl_gl_ext.h
    private static final long CL_GL_CONTEXT_KHR = 0x2008;
    private static final long CL_EGL_DISPLAY_KHR = 0x2009;
    private static final long CL_GLX_DISPLAY_KHR = 0x200A;
    private static final long CL_WGL_HDC_KHR = 0x200B;
    private static final long CL_CONTEXT_PROPERTY_USE_CGL_SHAREGROUP_APPLE = 0x10000000;

    private SharingProperties() {
    }

    /** Of an EGL context and display. */
    static long[] ofEgl(long context, long display) {
        return new long[] {CL_GL_CONTEXT_KHR, context, CL_EGL_DISPLAY_KHR, display};
    }

    /** Of a GLFW window's context, which is current; empty on a window system without a known way. */
    static long[] ofWindow(long window) {
        if (glfwGetWindowAttrib(window, GLFW_CONTEXT_CREATION_API) == GLFW_EGL_CONTEXT_API) {
            return ofEgl(GLFWNativeEGL.glfwGetEGLContext(window), GLFWNativeEGL.glfwGetEGLDisplay());
        }
        return switch (glfwGetPlatform()) {
            case GLFW_PLATFORM_X11 -> new long[] {CL_GL_CONTEXT_KHR, GLFWNativeGLX.glfwGetGLXContext(window),
                    CL_GLX_DISPLAY_KHR, GLFWNativeX11.glfwGetX11Display()};
            case GLFW_PLATFORM_WIN32 -> new long[] {CL_GL_CONTEXT_KHR, GLFWNativeWGL.glfwGetWGLContext(window),
                    CL_WGL_HDC_KHR, WGL.wglGetCurrentDC()};
            case GLFW_PLATFORM_COCOA -> new long[] {CL_CONTEXT_PROPERTY_USE_CGL_SHAREGROUP_APPLE,
                    CGL.CGLGetShareGroup(CGL.CGLGetCurrentContext())};
            default -> new long[0];
        };
    }
}
