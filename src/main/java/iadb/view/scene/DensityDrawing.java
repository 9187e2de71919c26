package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import iadb.density.Density;
import iadb.plot.Palette;
import java.nio.ByteBuffer;
import org.lwjgl.system.MemoryUtil;

/** Draws a density as faint light on the unit square. */
final class DensityDrawing implements AutoCloseable {
    private static final int MOST_SIDE = 1024; // texels; of a larger image the brightest pixel of a block is shown

    private final ShaderProgram program = new ShaderProgram("square.vert", "density.frag");
    private final int vertexArray = glGenVertexArrays();
    private final int texture = glGenTextures();

    DensityDrawing() {
        glBindTexture(GL_TEXTURE_2D, texture);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    }

    void set(Density density) {
        int step = (Math.max(density.width(), density.height()) + MOST_SIDE - 1) / MOST_SIDE;
        int width = (density.width() + step - 1) / step;
        int height = (density.height() + step - 1) / step;
        byte[] levels = new byte[width * height];
        short[] weights = density.weights();
        for (int i = 0; i < weights.length; i++) {
            int texel = i / density.width() / step * width + i % density.width() / step;
            int level = (int) (255L * Short.toUnsignedInt(weights[i]) / density.brightest());
            levels[texel] = (byte) Math.max(level, levels[texel] & 255);
        }
        set(levels, width, height);
    }

    /** @param levels [height][width], unsigned, the top row first */
    void set(byte[] levels, int width, int height) {
        ByteBuffer memory = MemoryUtil.memAlloc(levels.length).put(0, levels);
        glBindTexture(GL_TEXTURE_2D, texture);
        glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_R8, width, height, 0, GL_RED, GL_UNSIGNED_BYTE, memory);
        MemoryUtil.memFree(memory);
    }

    /** @param strength of the brightest pixel, 0 to 1 */
    void draw(float[] view, float strength) {
        int ink = Palette.INK;
        program.use().set("view", view)
                .set("tint", Colour.red(ink) * strength, Colour.green(ink) * strength, Colour.blue(ink) * strength);
        glBindTexture(GL_TEXTURE_2D, texture);
        glBindVertexArray(vertexArray);
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    }

    @Override
    public void close() {
        program.close();
        glDeleteVertexArrays(vertexArray);
        glDeleteTextures(texture);
    }
}
