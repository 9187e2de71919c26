package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import iadb.plot.Palette;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.lwjgl.system.MemoryUtil;

/** Draws lines of the map: the grid that it carries along, the arrows of its velocity field, and the way of one point. */
public final class LineDrawing implements AutoCloseable {
    /** Lines of the grid in each direction. */
    private static final int GRID_LINES = 21;
    /** Points of each line. */
    private static final int GRID_LINE_POINTS = 101;
    /** Arrows a side of the velocity field. */
    public static final int ARROWS = 24;

    private static final int ARROW_VERTICES = 6;
    private static final float ARROW_REACH = 0.05f;
    private static final float WAY_DOT = 2; // diameters
    private static final float END_DOT = 8;
    private static final float GRID_OPACITY = 0.45f;
    private static final float ARROW_OPACITY = 0.6f;

    private final ShaderProgram lines = new ShaderProgram("lines.vert", "plain.frag");
    private final ShaderProgram dots = new ShaderProgram("points.vert", "points.frag");
    private final ShaderProgram arrows = new ShaderProgram("arrows.vert", "plain.frag");
    private final int gridArray = glGenVertexArrays();
    private final int gridIndices = glGenBuffers();
    private final int arrowArray = glGenVertexArrays();
    private final int wayArray = glGenVertexArrays();
    private final int way = glGenBuffers(); // [frames, 2]

    LineDrawing() {
        glBindVertexArray(gridArray);
        enableBoth();
        glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, gridIndices);
        int segments = 2 * GRID_LINES * (GRID_LINE_POINTS - 1);
        IntBuffer indices = MemoryUtil.memAllocInt(2 * segments);
        for (int point = 0; point < 2 * GRID_LINES * GRID_LINE_POINTS; point++) {
            if (point % GRID_LINE_POINTS != GRID_LINE_POINTS - 1) {
                indices.put(point).put(point + 1);
            }
        }
        glBufferData(GL_ELEMENT_ARRAY_BUFFER, indices.flip(), GL_STATIC_DRAW);
        MemoryUtil.memFree(indices);
        glBindVertexArray(arrowArray);
        enableBoth();
        glVertexAttribDivisor(0, 1);
        glVertexAttribDivisor(1, 1);
        glBindVertexArray(wayArray);
        enableBoth();
        glBindBuffer(GL_ARRAY_BUFFER, way);
        glVertexAttribPointer(0, 2, GL_FLOAT, false, 0, 0);
        glVertexAttribPointer(1, 2, GL_FLOAT, false, 0, 0);
    }

    private static void enableBoth() {
        glEnableVertexAttribArray(0);
        glEnableVertexAttribArray(1);
    }

    /** The points of the grid at rest, [lines, points of a line, 2]: lines of equal y, then of equal x. */
    public static float[] gridStarts() {
        float[] starts = new float[2 * 2 * GRID_LINES * GRID_LINE_POINTS];
        int i = 0;
        for (int direction = 0; direction < 2; direction++) {
            for (int line = 0; line < GRID_LINES; line++) {
                float across = line / (GRID_LINES - 1f);
                for (int point = 0; point < GRID_LINE_POINTS; point++) {
                    float along = point / (GRID_LINE_POINTS - 1f);
                    starts[i++] = direction == 0 ? along : across;
                    starts[i++] = direction == 0 ? across : along;
                }
            }
        }
        return starts;
    }

    /** Where the arrows of the velocity field stand, [ARROWS², 2]. */
    public static float[] arrowTails() {
        float[] tails = new float[2 * ARROWS * ARROWS];
        for (int i = 0; i < ARROWS * ARROWS; i++) {
            tails[2 * i] = (i % ARROWS + 0.5f) / ARROWS;
            tails[2 * i + 1] = (i / ARROWS + 0.5f) / ARROWS;
        }
        return tails;
    }

    /** @param grid a flow of {@link #gridStarts} */
    void drawGrid(Flow grid, float[] view) {
        lines.use().set("view", view).set("blend", grid.blend())
                .set("colour", Colour.premultiplied(Palette.INK, GRID_OPACITY));
        glBindVertexArray(gridArray);
        PointDrawing.bindFlow(grid);
        glDrawElements(GL_LINES, 4 * GRID_LINES * (GRID_LINE_POINTS - 1), GL_UNSIGNED_INT, 0);
    }

    /**
     * @param tails GL name of {@link #arrowTails}
     * @param ahead GL name of the same points, moved by the velocity there
     */
    void drawArrows(int tails, int ahead, float[] view) {
        arrows.use().set("view", view).set("reach", ARROW_REACH)
                .set("colour", Colour.premultiplied(Palette.INK, ARROW_OPACITY));
        glBindVertexArray(arrowArray);
        glBindBuffer(GL_ARRAY_BUFFER, tails);
        glVertexAttribPointer(0, 2, GL_FLOAT, false, 0, 0);
        glBindBuffer(GL_ARRAY_BUFFER, ahead);
        glVertexAttribPointer(1, 2, GL_FLOAT, false, 0, 0);
        glDrawArraysInstanced(GL_LINES, 0, ARROW_VERTICES, ARROWS * ARROWS);
    }

    /**
     * @param positions [frames, 2]
     * @param scale     pixels a unit of the desktop
     */
    void drawWay(float[] positions, float[] view, float scale) {
        FloatBuffer memory = MemoryUtil.memAllocFloat(positions.length).put(0, positions);
        glBindBuffer(GL_ARRAY_BUFFER, way);
        glBufferData(GL_ARRAY_BUFFER, memory, GL_STREAM_DRAW);
        MemoryUtil.memFree(memory);
        lines.use().set("view", view).set("blend", 0).set("colour", Colour.premultiplied(Palette.INK, 1));
        glBindVertexArray(wayArray);
        int frames = positions.length / 2;
        glDrawArrays(GL_LINE_STRIP, 0, frames);
        glVertexAttrib3f(2, 1, 1, 1);
        dots.use().set("view", view).set("blend", 0).set("opacity", 1).set("cover", 1).set("diameter", WAY_DOT * scale);
        glDrawArrays(GL_POINTS, 0, frames);
        dots.set("diameter", END_DOT * scale);
        glDrawArrays(GL_POINTS, 0, 1);
        glDrawArrays(GL_POINTS, frames - 1, 1);
    }

    @Override
    public void close() {
        lines.close();
        arrows.close();
        dots.close();
        glDeleteVertexArrays(new int[] {gridArray, arrowArray, wayArray});
        glDeleteBuffers(new int[] {gridIndices, way});
    }
}
