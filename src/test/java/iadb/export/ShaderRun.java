package iadb.export;

import static org.lwjgl.opengl.GL33C.*;

import iadb.view.surface.EglSurface;
import iadb.view.surface.OpenGl;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.lwjgl.BufferUtils;

/**
 * Runs exported shaders for each point as fragment shaders into float textures. {@link ExportTest} starts it. Argument: the folder
 * with the shaders and the input; writes a file of each version's results, with NaN for those of the inverse.
 */
final class ShaderRun {
    static final String[] VERSIONS = {"300 es", "330"};
    static final String[] MAPS = {"plain", "encoded", "boxed"}; // small ones, since some drivers compile long arrays slowly
    private static final int COUNT = 1000;
    private static final int VALUES = 14;

    private static final String VERTEX = """
            void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }
            """;

    private static final String MAIN = """
            uniform highp sampler2D points; // x, y, log p0
            uniform float alpha;
            layout(location = 0) out vec4 first;
            layout(location = 1) out vec4 second;
            layout(location = 2) out vec4 third;
            void main()
            {
                vec4 point = texelFetch(points, ivec2(gl_FragCoord.xy), 0);
                float log_det;
                vec2 again = MAP_LOG_DET;
                first = vec4(NAME_map(point.xy), again);
                second = vec4(log_det, point.z - log_det, NAME_velocity(point.xy, alpha));
                third = vec4(LOG_P0, 0.0, 0.0, 0.0);
            }
            """;

    private ShaderRun() { }

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        try (EglSurface surface = EglSurface.open(8, 8)) {
            for (String version : VERSIONS) {
                FloatBuffer input = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("in"))).order(ByteOrder.LITTLE_ENDIAN)
                        .asFloatBuffer();
                float alpha = input.get();
                ByteBuffer results = ByteBuffer.allocate(MAPS.length * COUNT * VALUES * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                for (String name : MAPS) {
                    String shader = Files.readString(folder.resolve(name + ".glsl"));
                    float[] starts = new float[2 * COUNT];
                    float[] logs = new float[COUNT];
                    input.get(starts).get(logs);
                    results.asFloatBuffer().put(run(version, name, shader, alpha, starts, logs));
                    results.position(results.position() + COUNT * VALUES * Float.BYTES);
                }
                Files.write(folder.resolve(version), results.array());
            }
            surface.present();
            OpenGl.check("running shaders");
        }
    }

    private static float[] run(String version, String name, String shader, float alpha, float[] starts, float[] logs) {
        int program = glCreateProgram();
        attach(program, GL_VERTEX_SHADER, "#version " + version + "\n" + VERTEX);
        attach(program, GL_FRAGMENT_SHADER, "#version " + version + "\n" + shader + MAIN.replace("MAP_LOG_DET",
                // one of two functions for each map, since each call is compiled again
                name.equals("boxed") ? "NAME_map(point.xy); log_det = point.z - NAME_log_density(point.xy, point.z)"
                        : "NAME_map_log_det(point.xy, log_det)").replace("NAME", name)
                .replace("LOG_P0", name.equals("plain") ? "plain_log_p0(point.xy)" : "0.0"));
        glLinkProgram(program);
        if (glGetProgrami(program, GL_LINK_STATUS) == GL_FALSE) {
            throw new IllegalStateException(version + " " + name + ": " + glGetProgramInfoLog(program));
        }
        float[] pixels = new float[4 * COUNT];
        for (int n = 0; n < COUNT; n++) {
            pixels[4 * n] = starts[2 * n];
            pixels[4 * n + 1] = starts[2 * n + 1];
            pixels[4 * n + 2] = logs[n];
        }
        int[] targets = {texture(null), texture(null), texture(null)};
        int points = texture(pixels); // stays bound
        int framebuffer = glGenFramebuffers();
        glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
        for (int i = 0; i < targets.length; i++) {
            glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0 + i, GL_TEXTURE_2D, targets[i], 0);
        }
        glDrawBuffers(new int[] {GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT1, GL_COLOR_ATTACHMENT2});
        glUseProgram(program);
        glUniform1f(glGetUniformLocation(program, "alpha"), alpha);
        glBindVertexArray(glGenVertexArrays());
        glViewport(0, 0, COUNT, 1);
        glDrawArrays(GL_TRIANGLES, 0, 3);
        float[] results = new float[COUNT * VALUES];
        Arrays.fill(results, Float.NaN);
        int[][] places = {{0, 1, 2, 3}, {4, 11, 9, 10}, {13}};
        for (int i = 0; i < places.length; i++) {
            glReadBuffer(GL_COLOR_ATTACHMENT0 + i);
            FloatBuffer read = BufferUtils.createFloatBuffer(4 * COUNT);
            glReadPixels(0, 0, COUNT, 1, GL_RGBA, GL_FLOAT, read);
            for (int n = 0; n < COUNT; n++) {
                for (int c = 0; c < places[i].length; c++) {
                    results[n * VALUES + places[i][c]] = read.get(4 * n + c);
                }
            }
        }
        glDeleteFramebuffers(framebuffer);
        glDeleteTextures(points);
        glDeleteTextures(targets);
        glDeleteProgram(program);
        return results;
    }

    private static int texture(float[] pixels) {
        int texture = glGenTextures();
        glBindTexture(GL_TEXTURE_2D, texture);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA32F, COUNT, 1, 0, GL_RGBA, GL_FLOAT, pixels);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
        return texture;
    }

    private static void attach(int program, int type, String source) {
        int shader = glCreateShader(type);
        glShaderSource(shader, source);
        glCompileShader(shader);
        String log = glGetShaderInfoLog(shader);
        if (glGetShaderi(shader, GL_COMPILE_STATUS) == GL_FALSE || !log.isBlank()) {
            throw new IllegalStateException(source.lines().findFirst().orElse("") + ": " + log);
        }
        glAttachShader(program, shader);
        glDeleteShader(shader);
    }
}
