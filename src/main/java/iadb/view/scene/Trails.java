package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import iadb.view.surface.GlFunctions;
import java.nio.ByteBuffer;

/** What the points leave behind: a picture of their light that fades from frame to frame. */
final class Trails implements AutoCloseable {
    private static final float KEPT_A_SECOND = 0.02f; // of the light

    private final ShaderProgram show = new ShaderProgram("screen.vert", "trails.frag");
    private final ShaderProgram fade = new ShaderProgram("screen.vert", "plain.frag");
    private final int vertexArray = glGenVertexArrays();
    private final int texture = glGenTextures();
    private final int framebuffer = glGenFramebuffers();
    private int width;
    private int height;

    /** Draws go to the trails until {@link #end}; a picture of another size starts empty. */
    void begin(int screenWidth, int screenHeight, double seconds) {
        glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
        if (width != screenWidth || height != screenHeight) {
            width = screenWidth;
            height = screenHeight;
            glBindTexture(GL_TEXTURE_2D, texture);
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
            glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA16F, width, height, 0, GL_RGBA, GL_HALF_FLOAT, (ByteBuffer) null);
            glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
            GlFunctions.check("the trails' picture");
            clear();
        } else {
            glBlendColor(0, 0, 0, (float) Math.pow(KEPT_A_SECOND, seconds));
            glBlendFunc(GL_ZERO, GL_CONSTANT_ALPHA);
            glBindTexture(GL_TEXTURE_2D, 0); // it must not be read while it is drawn to
            fill(fade);
            glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
        }
    }

    /** Draws go to {@code target} again, and the trails are its first. */
    void end(int target) {
        glBindFramebuffer(GL_FRAMEBUFFER, target);
        glBindTexture(GL_TEXTURE_2D, texture);
        fill(show);
    }

    private void fill(ShaderProgram program) {
        program.use();
        glBindVertexArray(vertexArray);
        glDrawArrays(GL_TRIANGLES, 0, 3);
    }

    /** Forgets all trails. */
    void reset() {
        if (width > 0) {
            glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
            clear();
        }
    }

    private static void clear() {
        glClearColor(0, 0, 0, 0);
        glClear(GL_COLOR_BUFFER_BIT);
    }

    @Override
    public void close() {
        show.close();
        fade.close();
        glDeleteVertexArrays(vertexArray);
        glDeleteFramebuffers(framebuffer);
        glDeleteTextures(texture);
    }
}
