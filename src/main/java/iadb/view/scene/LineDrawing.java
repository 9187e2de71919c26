package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.Resources;
import iadb.plot.Palette;
import java.util.Arrays;

/**
 * Draws lines: the grid carried along by the map, the arrows of the velocity field, the pairs that training blends, and the
 * trajectory of one point.
 */
public final class LineDrawing implements AutoCloseable {
    /** Arrows along each side of the velocity field. */
    public static final int ARROWS = 24;

    private static final int GRID_LINES = 21; // per direction
    private static final int GRID_LINE_POINTS = 101;
    private static final int ARROW_VERTICES = 6;
    private static final float ARROW_REACH = 0.05f; // length for |D| = 1, in the unit square
    private static final float DOT_DIAMETER = 2; // desktop units
    private static final float END_DOT_DIAMETER = 8;
    private static final float GRID_OPACITY = 0.45f;
    private static final float ARROW_OPACITY = 0.6f;
    private static final float PAIR_OPACITY = 0.4f;
    private static final float PAIR_DOT_DIAMETER = 3; // desktop units

    private final Resources programs = new Resources();
    private final ShaderProgram lines;
    private final ShaderProgram dots;
    private final ShaderProgram arrows;
    private final int lineArray;
    private final int arrowArray;
    private final int trajectoryArray;
    private final int[] pairArrays; // of each tile
    private final int trajectory; // [frames, 2]
    private final int[] pairs; // of each tile, [N, 2, 2]
    private final int[] pairCounts; // of each tile, N
    private final int[] gridFirsts = new int[2 * GRID_LINES]; // the first point of each line
    private final int[] gridCounts = new int[2 * GRID_LINES];

    LineDrawing(int tiles) {
        try {
            lines = programs.add(new ShaderProgram("lines.vert", "plain.frag"));
            dots = programs.add(new ShaderProgram("points.vert", "points.frag"));
            arrows = programs.add(new ShaderProgram("arrows.vert", "plain.frag"));
        } catch (RuntimeException e) {
            programs.close();
            throw e;
        }
        lineArray = vertexArray();
        arrowArray = vertexArray();
        trajectoryArray = vertexArray();
        trajectory = glGenBuffers();
        pairArrays = new int[tiles];
        pairs = new int[tiles];
        pairCounts = new int[tiles];
        Arrays.setAll(gridFirsts, line -> line * GRID_LINE_POINTS);
        Arrays.fill(gridCounts, GRID_LINE_POINTS);
        glBindVertexArray(arrowArray);
        glVertexAttribDivisor(0, 1);
        glVertexAttribDivisor(1, 1);
        glBindVertexArray(trajectoryArray);
        bind(trajectory, trajectory);
        for (int tile = 0; tile < tiles; tile++) {
            pairArrays[tile] = vertexArray();
            pairs[tile] = glGenBuffers();
            bind(pairs[tile], pairs[tile]);
        }
    }

    private static int vertexArray() {
        int array = glGenVertexArrays();
        glBindVertexArray(array);
        glEnableVertexAttribArray(0);
        glEnableVertexAttribArray(1);
        return array;
    }

    /** Binds buffers [N, 2] to attributes 0 and 1 of the bound vertex array. */
    static void bind(int buffer0, int buffer1) {
        glBindBuffer(GL_ARRAY_BUFFER, buffer0);
        glVertexAttribPointer(0, 2, GL_FLOAT, false, 0, 0);
        glBindBuffer(GL_ARRAY_BUFFER, buffer1);
        glVertexAttribPointer(1, 2, GL_FLOAT, false, 0, 0);
    }

    /** The points of the undeformed grid, [lines, points per line, 2]: the horizontal lines, then the vertical ones. */
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

    /** The points where the arrows of the velocity field start, [ARROWS², 2]. */
    public static float[] arrowTails() {
        float[] tails = new float[2 * ARROWS * ARROWS];
        for (int i = 0; i < ARROWS * ARROWS; i++) {
            tails[2 * i] = (i % ARROWS + 0.5f) / ARROWS;
            tails[2 * i + 1] = (i / ARROWS + 0.5f) / ARROWS;
        }
        return tails;
    }

    /** @param grid a flow that starts at {@link #gridStarts} */
    void drawGrid(Flow grid, float[] view) {
        lines.use().set("view", view).set("blend", grid.blend()).set("colour", ShaderProgram.colour(Palette.INK, GRID_OPACITY));
        glBindVertexArray(lineArray);
        bind(grid.fromBuffer(), grid.toBuffer());
        glMultiDrawArrays(GL_LINE_STRIP, gridFirsts, gridCounts);
    }

    /**
     * @param tails OpenGL's name of a buffer with {@link #arrowTails}
     * @param heads OpenGL's name of a buffer with x + D(x, α) for each tail x
     */
    void drawArrows(int tails, int heads, float[] view) {
        arrows.use().set("view", view).set("reach", ARROW_REACH).set("colour", ShaderProgram.colour(Palette.INK, ARROW_OPACITY));
        glBindVertexArray(arrowArray);
        bind(tails, heads);
        glDrawArraysInstanced(GL_LINES, 0, ARROW_VERTICES, ARROWS * ARROWS);
    }

    /**
     * Draws a line with a dot at each frame and larger dots at both ends.
     *
     * @param positions [frames, 2]
     * @param scale     pixels per desktop unit
     */
    void drawTrajectory(float[] positions, float[] view, float scale) {
        int frames = positions.length / 2;
        glBindBuffer(GL_ARRAY_BUFFER, trajectory);
        glBufferData(GL_ARRAY_BUFFER, positions, GL_STREAM_DRAW);
        lines.use().set("view", view).set("blend", 0).set("colour", ShaderProgram.colour(Palette.INK, 1));
        glBindVertexArray(trajectoryArray);
        glDrawArrays(GL_LINE_STRIP, 0, frames);
        drawDots(view, DOT_DIAMETER * scale, 0, frames);
        drawDots(view, END_DOT_DIAMETER * scale, 0, 1);
        drawDots(view, END_DOT_DIAMETER * scale, frames - 1, 1);
    }

    /** @param positions [N, 2, 2]: a point of p0 and the point of p1 that it is blended with */
    void setPairs(int tile, float[] positions) {
        pairCounts[tile] = positions.length / 4;
        glBindBuffer(GL_ARRAY_BUFFER, pairs[tile]);
        glBufferData(GL_ARRAY_BUFFER, positions, GL_STATIC_DRAW);
    }

    /**
     * Draws a line for each pair of a tile with dots at its ends.
     *
     * @param scale pixels per desktop unit
     */
    void drawPairs(int tile, float[] view, float scale) {
        lines.use().set("view", view).set("blend", 0).set("colour", ShaderProgram.colour(Palette.INK, PAIR_OPACITY));
        glBindVertexArray(pairArrays[tile]);
        glDrawArrays(GL_LINES, 0, 2 * pairCounts[tile]);
        drawDots(view, PAIR_DOT_DIAMETER * scale, 0, 2 * pairCounts[tile]);
    }

    /** Draws points of the bound vertex array as white dots. */
    private void drawDots(float[] view, float diameter, int first, int count) {
        glVertexAttrib3f(2, 1, 1, 1);
        dots.use().set("view", view).set("blend", 0).set("opacity", 1).set("cover", 1).set("diameter", diameter);
        glDrawArrays(GL_POINTS, first, count);
    }

    @Override
    public void close() {
        programs.close();
        glDeleteVertexArrays(new int[] {lineArray, arrowArray, trajectoryArray});
        glDeleteVertexArrays(pairArrays);
        glDeleteBuffers(trajectory);
        glDeleteBuffers(pairs);
    }
}
