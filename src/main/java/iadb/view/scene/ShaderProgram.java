package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A linked vertex and fragment shader from {@code shaders/}. */
public final class ShaderProgram implements AutoCloseable {
    private final int program;
    private final String name;
    private final Map<String, Integer> locations = new HashMap<>(); // location of each uniform

    /**
     * @param vertex   file name, such as {@code points.vert}
     * @param fragment file name
     * @throws IllegalStateException with the log when the driver cannot compile or link the shaders
     */
    public ShaderProgram(String vertex, String fragment) {
        name = vertex + " and " + fragment;
        program = glCreateProgram();
        try {
            attach(GL_VERTEX_SHADER, vertex);
            attach(GL_FRAGMENT_SHADER, fragment);
            glLinkProgram(program);
            if (glGetProgrami(program, GL_LINK_STATUS) == GL_FALSE) {
                throw new IllegalStateException("cannot link " + name + ": " + glGetProgramInfoLog(program));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Compiles a shader, which OpenGL deletes with the program. */
    private void attach(int type, String file) {
        int shader = glCreateShader(type);
        glAttachShader(program, shader);
        glDeleteShader(shader); // when it is no longer attached
        try (InputStream in = ShaderProgram.class.getResourceAsStream("/shaders/" + file)) {
            glShaderSource(shader, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        glCompileShader(shader);
        if (glGetShaderi(shader, GL_COMPILE_STATUS) == GL_FALSE) {
            throw new IllegalStateException("cannot compile shaders/" + file + ": " + glGetShaderInfoLog(shader));
        }
    }

    /**
     * The RGBA value of a uniform colour, premultiplied by {@code opacity}.
     *
     * @param rgb 0xRRGGBB
     */
    static float[] colour(int rgb, float opacity) {
        float[] colour = {(rgb >> 16 & 255) / 255f, (rgb >> 8 & 255) / 255f, (rgb & 255) / 255f, 1};
        for (int i = 0; i < colour.length; i++) {
            colour[i] *= opacity;
        }
        return colour;
    }

    /** Makes this program current; call it before {@link #set}. */
    public ShaderProgram use() {
        glUseProgram(program);
        return this;
    }

    public ShaderProgram set(String uniform, float... values) {
        int location = locations.computeIfAbsent(uniform, key -> glGetUniformLocation(program, key));
        if (location < 0) {
            throw new IllegalArgumentException(name + " have no uniform " + uniform);
        }
        switch (values.length) {
            case 1 -> glUniform1fv(location, values);
            case 2 -> glUniform2fv(location, values);
            case 3 -> glUniform3fv(location, values);
            case 4 -> glUniform4fv(location, values);
            default -> throw new IllegalArgumentException(values.length + " values for " + uniform);
        }
        return this;
    }

    @Override
    public void close() { glDeleteProgram(program); }
}
