package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import iadb.cl.Resources;
import iadb.plot.Palette;
import iadb.view.scene.SceneRenderer.Scene;
import iadb.view.scene.SceneRenderer.Viewport;
import iadb.view.surface.OpenGl;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.Stream;
import org.lwjgl.system.MemoryUtil;

/** Draws points as discs, coloured by their start, and their trails: a texture of their light that fades over time. */
final class PointDrawing implements AutoCloseable {
    private static final double MAX_DIAMETER = 6.5; // desktop units
    private static final double MIN_DIAMETER = 1.3;
    private static final double DIAMETER_PER_SPACING = 0.5; // spacing: of the same number of points on a regular grid
    private static final double OPACITY_TIMES_OVERLAP = 0.5; // overlap: area of all discs per area of the square
    private static final float MAX_OPACITY = 0.92f;
    private static final float MIN_OPACITY = 0.1f;
    private static final float ADDITIVE_OPACITY = 0.5f; // factor
    private static final float TRAIL_DIAMETER = 0.5f; // factor
    private static final float TRAIL_OPACITY = 0.35f; // factor
    private static final double TRAIL_KEPT_PER_SECOND = 0.02; // share of the light that remains after a second

    private final float scale;
    private final Resources programs = new Resources();
    private final ShaderProgram points;
    private final ShaderProgram showTrails;
    private final ShaderProgram fadeTrails;
    private final int pointArray;
    private final int colours; // [N, 3] bytes
    private final int screenArray;
    private final Trails[] trails; // of each tile

    /** A texture of the light that a tile's points have left. */
    private static final class Trails {
        final int texture = glGenTextures();
        final int framebuffer = glGenFramebuffers();
        int width;
        int height;
        float[] view = {}; // of the last frame with trails; empty if they must be cleared
    }

    /** @param scale pixels per desktop unit */
    PointDrawing(int tiles, float scale) {
        this.scale = scale;
        try {
            points = programs.add(new ShaderProgram("points.vert", "points.frag"));
            showTrails = programs.add(new ShaderProgram("screen.vert", "trails.frag"));
            fadeTrails = programs.add(new ShaderProgram("screen.vert", "plain.frag"));
        } catch (RuntimeException e) {
            programs.close();
            throw e;
        }
        pointArray = glGenVertexArrays();
        colours = glGenBuffers();
        screenArray = glGenVertexArrays();
        trails = Stream.generate(Trails::new).limit(tiles).toArray(Trails[]::new);
        glBindVertexArray(pointArray);
        glBindBuffer(GL_ARRAY_BUFFER, colours);
        glVertexAttribPointer(2, 3, GL_UNSIGNED_BYTE, true, 3, 0);
        for (int attribute = 0; attribute < 3; attribute++) {
            glEnableVertexAttribArray(attribute);
        }
    }

    /** @param starts of new points, [N, 2], which decide their colours in all tiles */
    void setStarts(float[] starts) {
        byte[] bytes = colours(starts);
        ByteBuffer memory = MemoryUtil.memAlloc(bytes.length).put(0, bytes);
        glBindBuffer(GL_ARRAY_BUFFER, colours);
        glBufferData(GL_ARRAY_BUFFER, memory, GL_STATIC_DRAW);
        MemoryUtil.memFree(memory);
        OpenGl.check("creating a buffer for the colours of the points");
        Arrays.stream(trails).forEach(tile -> tile.view = new float[0]);
    }

    /** RGB for each start [N, 3]: the palette's hues, interpolated by the angle around the centre of the square. */
    private static byte[] colours(float[] starts) {
        byte[] colours = new byte[starts.length / 2 * 3];
        for (int i = 0; i < starts.length / 2; i++) {
            double turns = Math.atan2(starts[2 * i + 1] - 0.5, starts[2 * i] - 0.5) / (2 * Math.PI);
            double wheel = (turns - Math.floor(turns)) * Palette.HUES;
            int hue = (int) wheel % Palette.HUES;
            int from = Palette.hueColour(hue);
            int to = Palette.hueColour((hue + 1) % Palette.HUES);
            double share = wheel - Math.floor(wheel);
            for (int channel = 0; channel < 3; channel++) {
                int shift = 16 - 8 * channel;
                colours[3 * i + channel] = (byte) Math.round((from >> shift & 255) * (1 - share) + (to >> shift & 255) * share);
            }
        }
        return colours;
    }

    /** @param side of the unit square in pixels */
    void draw(Scene scene, float[] view, double side) { draw(scene, view, side, 1, 1); }

    private void draw(Scene scene, float[] view, double side, float diameterFactor, float opacityFactor) {
        double spacing = side / Math.sqrt(scene.points().points());
        double diameter = scene.pointSize()
                * Math.max(MIN_DIAMETER * scale, Math.min(MAX_DIAMETER * scale, DIAMETER_PER_SPACING * spacing));
        double overlap = Math.PI / 4 * diameter * diameter / (spacing * spacing);
        float opacity = (float) Math.max(MIN_OPACITY, Math.min(MAX_OPACITY, OPACITY_TIMES_OVERLAP / overlap));
        points.use().set("view", view).set("blend", scene.points().blend()).set("diameter", (float) diameter * diameterFactor)
                .set("opacity", opacity * opacityFactor * (scene.additive() ? ADDITIVE_OPACITY : 1))
                .set("cover", scene.additive() ? 0 : 1);
        glBindVertexArray(pointArray);
        LineDrawing.bind(scene.points().fromBuffer(), scene.points().toBuffer());
        glDrawArrays(GL_POINTS, 0, scene.points().points());
    }

    /** Fades the trails of a tile, adds the points to them, and draws them. A scene without trails clears them. */
    void drawTrails(Viewport area, int tile, Scene scene, float[] view, double side, double seconds) {
        Trails of = trails[tile];
        if (!scene.trails()) {
            of.view = new float[0];
            return;
        }
        boolean resized = of.width != area.width() || of.height != area.height();
        new Viewport(of.framebuffer, 0, 0, area.width(), area.height()).use();
        if (resized) {
            resize(of, area.width(), area.height());
        }
        if (resized || !Arrays.equals(view, of.view)) {
            glClearColor(0, 0, 0, 0);
            glClear(GL_COLOR_BUFFER_BIT);
        } else {
            glBlendColor(0, 0, 0, (float) Math.pow(TRAIL_KEPT_PER_SECOND, seconds));
            glBlendFunc(GL_ZERO, GL_CONSTANT_ALPHA);
            glBindTexture(GL_TEXTURE_2D, 0); // the texture must not be bound while it is drawn to
            fillScreen(fadeTrails);
            glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
        }
        of.view = view;
        draw(scene, view, side, TRAIL_DIAMETER, TRAIL_OPACITY);
        area.use();
        glBindTexture(GL_TEXTURE_2D, of.texture);
        fillScreen(showTrails);
    }

    private static void resize(Trails of, int width, int height) {
        of.width = width;
        of.height = height;
        glBindTexture(GL_TEXTURE_2D, of.texture);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA16F, width, height, 0, GL_RGBA, GL_HALF_FLOAT, (ByteBuffer) null);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, of.texture, 0);
        OpenGl.check("creating a texture for the trails");
    }

    private void fillScreen(ShaderProgram program) {
        program.use();
        glBindVertexArray(screenArray);
        glDrawArrays(GL_TRIANGLES, 0, 3);
    }

    @Override
    public void close() {
        programs.close();
        glDeleteVertexArrays(new int[] {pointArray, screenArray});
        glDeleteBuffers(colours);
        for (Trails tile : trails) {
            glDeleteFramebuffers(tile.framebuffer);
            glDeleteTextures(tile.texture);
        }
    }
}
