package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.Resources;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.plot.Palette;
import iadb.view.surface.Surface;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.lwjgl.system.MemoryUtil;

/** Draws a {@link Scene} in each tile: a faint density, trails, the grid, pairs, points, arrows, and the trajectory of one point. */
public final class SceneRenderer implements AutoCloseable {
    private static final int MAX_TEXELS = 1024; // per side; a texel of a larger image shows the brightest pixel of a block
    private static final float DENSITY_STRENGTH = 0.24f; // opacity of the brightest pixel
    private static final float PAINTED_STRENGTH = 0.4f;

    private final Camera camera;
    private final float scale;
    private final Resources resources = new Resources();
    private final ShaderProgram density;
    private final int densityArray;
    private final int densityTexture;
    private final PointDrawing points;
    private final LineDrawing lines;

    /**
     * The content of one frame.
     *
     * @param grid       null if it is not shown
     * @param arrows     OpenGL's names of the buffers of {@link LineDrawing#arrowTails} and of the heads; null if not shown
     * @param trajectory of the chosen point, [frames, 2]; null if none is chosen
     * @param pairs      whether the lines of {@link #setPairs} are shown
     * @param density    whether the target density is shown
     * @param painting   whether the canvas is shown instead, which is brighter
     * @param additive   whether the light of overlapping points is added; otherwise each point covers those behind it
     * @param pointSize  factor of the diameter that suits the number of points
     */
    public record Scene(Flow points, Flow grid, int[] arrows, float[] trajectory, boolean pairs, boolean density,
            boolean painting, boolean trails, boolean additive, float pointSize) { }

    /** A part of a framebuffer in pixels; (x, y) is its lower left corner. */
    record Viewport(int framebuffer, int x, int y, int width, int height) {
        void use() {
            glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
            glViewport(x, y, width, height);
            glScissor(x, y, width, height);
        }
    }

    /** @param scale pixels per desktop unit */
    public SceneRenderer(Camera camera, int tiles, float scale) {
        this.camera = camera;
        this.scale = scale;
        try {
            density = resources.add(new ShaderProgram("square.vert", "density.frag"));
            points = resources.add(new PointDrawing(tiles, scale));
            lines = resources.add(new LineDrawing(tiles));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
        densityArray = glGenVertexArrays();
        densityTexture = glGenTextures();
        glBindTexture(GL_TEXTURE_2D, densityTexture);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
        glEnable(GL_PROGRAM_POINT_SIZE);
        glEnable(GL_BLEND);
        glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
        glDisable(GL_DEPTH_TEST);
    }

    /** Sets the density drawn behind the points of all tiles. */
    public void setDensity(Density density) {
        ImageDensity behind = density.image();
        int step = (Math.max(behind.width(), behind.height()) + MAX_TEXELS - 1) / MAX_TEXELS;
        int width = (behind.width() + step - 1) / step;
        int height = (behind.height() + step - 1) / step;
        byte[] levels = new byte[width * height];
        short[] weights = behind.weights();
        for (int i = 0; i < weights.length; i++) {
            int texel = i / behind.width() / step * width + i % behind.width() / step;
            int level = (int) (255L * Short.toUnsignedInt(weights[i]) / behind.brightest());
            levels[texel] = (byte) Math.max(level, levels[texel] & 255);
        }
        setLevels(levels, width, height);
    }

    /** @param levels to draw instead of a density, [height][width], unsigned, the top row first */
    public void setLevels(byte[] levels, int width, int height) {
        ByteBuffer memory = MemoryUtil.memAlloc(levels.length).put(0, levels);
        glBindTexture(GL_TEXTURE_2D, densityTexture);
        glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_R8, width, height, 0, GL_RED, GL_UNSIGNED_BYTE, memory);
        MemoryUtil.memFree(memory);
    }

    /** @param starts of the points, [N, 2] */
    public void setStarts(float[] starts) { points.setStarts(starts); }

    /** @param positions of pairs of points that the training of a tile blends, [N, 2, 2] */
    public void setPairs(int tile, float[] positions) { lines.setPairs(tile, positions); }

    /** Begins a frame: fills the whole surface with paper. */
    public static void clear(Surface surface) {
        float[] paper = ShaderProgram.colour(Palette.PAPER, 1);
        glBindFramebuffer(GL_FRAMEBUFFER, surface.framebuffer());
        glClearColor(paper[0], paper[1], paper[2], 1);
        glClear(GL_COLOR_BUFFER_BIT);
    }

    /**
     * Draws the scene in a tile. Afterwards the viewport is the whole surface.
     *
     * @param seconds since the last frame
     */
    public void draw(Surface surface, int tile, Scene scene, double seconds) {
        TileGrid tiles = camera.tiles();
        Viewport area = new Viewport(surface.framebuffer(), tiles.x(tile), surface.height() - tiles.y(tile) - tiles.height(),
                tiles.width(), tiles.height());
        glEnable(GL_SCISSOR_TEST); // a disc at the edge would reach into the next tile
        draw(area, tile, scene, seconds);
        glDisable(GL_SCISSOR_TEST);
        glViewport(0, 0, surface.width(), surface.height());
    }

    private void draw(Viewport area, int tile, Scene scene, double seconds) {
        float[] view = camera.view();
        area.use();
        if (scene.density() || scene.painting()) {
            float strength = scene.painting() ? PAINTED_STRENGTH : DENSITY_STRENGTH;
            density.use().set("view", view).set("tint", Arrays.copyOf(ShaderProgram.colour(Palette.INK, strength), 3));
            glBindTexture(GL_TEXTURE_2D, densityTexture);
            glBindVertexArray(densityArray);
            glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
        }
        points.drawTrails(area, tile, scene, view, camera.side(), seconds);
        if (scene.grid() != null) {
            lines.drawGrid(scene.grid(), view);
        }
        if (scene.pairs()) {
            lines.drawPairs(tile, view, scale);
        }
        points.draw(scene, view, camera.side());
        if (scene.arrows() != null) {
            lines.drawArrows(scene.arrows()[0], scene.arrows()[1], view);
        }
        if (scene.trajectory() != null) {
            lines.drawTrajectory(scene.trajectory(), view, scale);
        }
    }

    @Override
    public void close() {
        resources.close();
        glDeleteVertexArrays(densityArray);
        glDeleteTextures(densityTexture);
    }
}
