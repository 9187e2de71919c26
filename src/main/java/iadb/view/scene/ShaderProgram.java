package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A vertex and a fragment shader of {@code shaders/}, linked. */
public final class ShaderProgram implements AutoCloseable {
    private final int program;
    private final String name;
    private final Map<String, Integer> uniforms = new HashMap<>();

    /**
     * @param vertex   file name, such as {@code points.vert}
     * @param fragment file name
     * @throws IllegalStateException with the compiler's log when the driver refuses one
     */
    public ShaderProgram(String vertex, String fragment) {
        name = vertex + " and " + fragment;
        program = glCreateProgram();
        int vertexShader = compile(GL_VERTEX_SHADER, vertex);
        int fragmentShader = compile(GL_FRAGMENT_SHADER, fragment);
        glAttachShader(program, vertexShader);
        glAttachShader(program, fragmentShader);
        glLinkProgram(program);
        glDeleteShader(vertexShader);
        glDeleteShader(fragmentShader);
        if (glGetProgrami(program, GL_LINK_STATUS) == GL_FALSE) {
            throw new IllegalStateException("linking " + name + ": " + glGetProgramInfoLog(program));
        }
    }

    private static int compile(int type, String file) {
        int shader = glCreateShader(type);
        glShaderSource(shader, source(file));
        glCompileShader(shader);
        if (glGetShaderi(shader, GL_COMPILE_STATUS) == GL_FALSE) {
            throw new IllegalStateException("compiling shaders/" + file + ": " + glGetShaderInfoLog(shader));
        }
        return shader;
    }

    private static String source(String file) {
        try (InputStream in = ShaderProgram.class.getResourceAsStream("/shaders/" + file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes it the one that draws; returns itself, for its uniforms to be set. */
    public ShaderProgram use() {
        glUseProgram(program);
        return this;
    }

    public ShaderProgram set(String uniform, float value) {
        glUniform1f(location(uniform), value);
        return this;
    }

    public ShaderProgram set(String uniform, float x, float y) {
        glUniform2f(location(uniform), x, y);
        return this;
    }

    public ShaderProgram set(String uniform, float x, float y, float z) {
        glUniform3f(location(uniform), x, y, z);
        return this;
    }

    /** @param values four */
    public ShaderProgram set(String uniform, float[] values) {
        glUniform4f(location(uniform), values[0], values[1], values[2], values[3]);
        return this;
    }

    private int location(String uniform) {
        return uniforms.computeIfAbsent(uniform, key -> {
            int location = glGetUniformLocation(program, key);
            if (location < 0) {
                throw new IllegalArgumentException(name + " have no uniform " + key);
            }
            return location;
        });
    }

    @Override
    public void close() {
        glDeleteProgram(program);
    }
}
