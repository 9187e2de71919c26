package iadb.view.interop;

import static org.lwjgl.opengl.GL33C.*;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import iadb.UniformPoints;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.view.surface.EglSurface;
import iadb.view.surface.GlfwSurface;
import iadb.view.surface.Surface;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import org.lwjgl.BufferUtils;
import org.slf4j.LoggerFactory;

/**
 * Maps points in a buffer of {@link Interop} and prints what OpenGL reads and draws. {@link InteropTest} starts it. Arguments:
 * {@code window} or {@code offscreen}, {@code auto} or {@code off}, and the time limit of the child process in seconds.
 */
final class InteropRun {
    static final int POINTS = 5003;
    private static final int T = 8;

    private InteropRun() { }

    public static void main(String[] arguments) {
        ((Logger) LoggerFactory.getLogger("iadb.view")).setLevel(Level.DEBUG);
        List<Device> devices = Device.all();
        float[] start = UniformPoints.of(POINTS, 3);
        Network network = Network.initial(NetworkShape.TUTORIAL, 7);
        try (Surface surface = arguments[0].equals("offscreen") ? EglSurface.open(256, 256)
                : GlfwSurface.open("test", 256, 256, false)) {
            Interop interop = Interop.open(surface, devices, arguments[1].equals("auto"),
                    device -> Duration.ofSeconds(Long.parseLong(arguments[2])));
            System.out.println("transfer=" + interop.transfer());
            try (Context context = interop.context(); PointBuffer points = interop.buffer(POINTS)) {
                move(context, network, points, start);
                float[] seen = new float[2 * POINTS];
                glBindBuffer(GL_ARRAY_BUFFER, points.glBuffer());
                glGetBufferSubData(GL_ARRAY_BUFFER, 0, seen);
                System.out.println("exact=" + Arrays.equals(expected(devices.get(0), network, start), seen));
                System.out.println("hostBytes=" + points.hostBytes());
                draw(surface);
                System.out.println("glError=" + glGetError());
            }
        }
        System.out.println("closed=true");
    }

    /** Acquires the points twice, since OpenCL's content must be kept in between. */
    private static void move(Context context, Network network, PointBuffer points, float[] start) {
        DeviceBuffer buffer = points.acquire();
        try (DeviceBuffer parameters = context.buffer(network.parameters());
                Sampler sampler = new Sampler(context, network.shape());
                MapSession session = sampler.session(parameters, buffer, POINTS, T)) {
            buffer.write(start);
            session.advance(T / 2);
            points.publish();
            points.acquire();
            refused(points::acquire);
            session.advance(T / 2);
            points.publish();
            refused(points::publish);
        }
    }

    /** Calls in the wrong order are refused, for shared and for copied points. */
    private static void refused(Runnable call) {
        try {
            call.run();
            throw new AssertionError("not refused");
        } catch (IllegalStateException e) {
            // expected
        }
    }

    /** The same positions computed by OpenCL alone. */
    private static float[] expected(Device device, Network network, float[] start) {
        try (Context context = Context.open(device);
                DeviceBuffer parameters = context.buffer(network.parameters());
                DeviceBuffer points = context.buffer(start);
                Sampler sampler = new Sampler(context, network.shape());
                MapSession session = sampler.session(parameters, points, POINTS, T)) {
            session.advance(T);
            return points.read(new float[2 * POINTS]);
        }
    }

    /** Draws the bound buffer, one pixel per point, and prints a checksum of the picture. */
    private static void draw(Surface surface) {
        int program = glCreateProgram();
        attach(program, GL_VERTEX_SHADER, "#version 330 core\nlayout(location = 0) in vec2 point;\n"
                + "void main() { gl_Position = vec4(2.0 * point - 1.0, 0.0, 1.0); }");
        attach(program, GL_FRAGMENT_SHADER, "#version 330 core\nout vec4 colour;\nvoid main() { colour = vec4(1.0); }");
        glLinkProgram(program);
        glUseProgram(program);
        glBindVertexArray(glGenVertexArrays());
        glEnableVertexAttribArray(0);
        glVertexAttribPointer(0, 2, GL_FLOAT, false, 0, 0);
        glBindFramebuffer(GL_FRAMEBUFFER, surface.framebuffer());
        glViewport(0, 0, surface.width(), surface.height());
        glClearColor(0, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glDrawArrays(GL_POINTS, 0, POINTS);
        ByteBuffer pixels = BufferUtils.createByteBuffer(4 * surface.width() * surface.height());
        glReadPixels(0, 0, surface.width(), surface.height(), GL_RGBA, GL_UNSIGNED_BYTE, pixels);
        int lit = 0;
        for (int i = 0; i < pixels.capacity(); i += 4) {
            lit += pixels.get(i) != 0 ? 1 : 0;
        }
        CRC32 sum = new CRC32();
        sum.update(pixels);
        System.out.println("lit=" + lit);
        System.out.println("picture=" + Long.toHexString(sum.getValue()));
        surface.present();
    }

    private static void attach(int program, int kind, String source) {
        int shader = glCreateShader(kind);
        glShaderSource(shader, source);
        glCompileShader(shader);
        glAttachShader(program, shader);
    }
}
