package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import java.nio.ByteBuffer;
import org.lwjgl.system.MemoryUtil;

/** Draws the points of a flow as discs in the colour of the place where each started. */
final class PointDrawing implements AutoCloseable {
    private final ShaderProgram program = new ShaderProgram("points.vert", "points.frag");
    private final int vertexArray = glGenVertexArrays();
    private final int colours = glGenBuffers(); // [N, 3] bytes

    PointDrawing() {
        glBindVertexArray(vertexArray);
        glBindBuffer(GL_ARRAY_BUFFER, colours);
        glVertexAttribPointer(2, 3, GL_UNSIGNED_BYTE, true, 3, 0);
        for (int attribute = 0; attribute < 3; attribute++) {
            glEnableVertexAttribArray(attribute);
        }
    }

    /**
     * Takes new points.
     *
     * @param starts [N, 2]
     */
    void setStarts(float[] starts) {
        byte[] bytes = Colour.ofStarts(starts);
        ByteBuffer memory = MemoryUtil.memAlloc(bytes.length).put(0, bytes);
        glBindBuffer(GL_ARRAY_BUFFER, colours);
        glBufferData(GL_ARRAY_BUFFER, memory, GL_STATIC_DRAW);
        MemoryUtil.memFree(memory);
    }

    /**
     * @param diameter of a point in pixels
     * @param opacity  0 to 1
     * @param cover    0: light adds up; 1: a point covers what is behind it
     */
    void draw(Flow flow, float[] view, float diameter, float opacity, float cover) {
        program.use().set("view", view).set("blend", flow.blend()).set("diameter", diameter).set("opacity", opacity)
                .set("cover", cover);
        glBindVertexArray(vertexArray);
        bindFlow(flow);
        glDrawArrays(GL_POINTS, 0, flow.points());
    }

    /** Attributes 0 and 1 of the bound vertex array: the flow's two frames. */
    static void bindFlow(Flow flow) {
        glBindBuffer(GL_ARRAY_BUFFER, flow.fromBuffer());
        glVertexAttribPointer(0, 2, GL_FLOAT, false, 0, 0);
        glBindBuffer(GL_ARRAY_BUFFER, flow.toBuffer());
        glVertexAttribPointer(1, 2, GL_FLOAT, false, 0, 0);
    }

    @Override
    public void close() {
        program.close();
        glDeleteVertexArrays(vertexArray);
        glDeleteBuffers(colours);
    }
}
