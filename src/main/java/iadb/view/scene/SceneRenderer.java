package iadb.view.scene;

import static org.lwjgl.opengl.GL33C.*;

import iadb.density.Density;
import iadb.plot.Palette;
import iadb.view.surface.GlFunctions;
import iadb.view.surface.Surface;
import java.util.Arrays;

/** Draws a frame: the density behind, trails, grid, points, arrows, and the way of one point. */
public final class SceneRenderer implements AutoCloseable {
    private static final float DENSITY_STRENGTH = 0.24f;
    private static final float PAINTED_STRENGTH = 0.4f;
    private static final double MOST_DIAMETER = 6.5; // units of the desktop
    private static final double LEAST_DIAMETER = 1.3;
    private static final double DIAMETER_PER_SPACING = 0.5; // spacing: of as many points on an even grid
    private static final double OPACITY_TIMES_OVERLAP = 0.5; // overlap: discs on a place, were the points even
    private static final float MOST_OPACITY = 0.92f;
    private static final float LEAST_OPACITY = 0.1f;
    private static final float GLOW = 0.5f; // of the opacity, where light adds up

    private final Camera camera;
    private final float scale;
    private final DensityDrawing density;
    private final PointDrawing points;
    private final LineDrawing lines;
    private final Trails trails;
    private boolean trailing;
    private float[] lastView = {};

    /** @param scale pixels a unit of the desktop */
    public SceneRenderer(Camera camera, float scale) {
        this.camera = camera;
        this.scale = scale;
        density = new DensityDrawing();
        points = new PointDrawing();
        lines = new LineDrawing();
        trails = new Trails();
        glEnable(GL_PROGRAM_POINT_SIZE);
        glEnable(GL_BLEND);
        glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
        glDisable(GL_DEPTH_TEST);
    }

    /** The density behind the points. */
    public void setDensity(Density behind) {
        density.set(behind);
    }

    /** @param canvas drawn instead of a density, [side][side], unsigned, the top row first */
    public void setCanvas(byte[] canvas, int side) {
        density.set(canvas, side, side);
    }

    /** @param starts [N, 2] */
    public void setStarts(float[] starts) {
        points.setStarts(starts);
        GlFunctions.check("the points' colours");
        trails.reset();
    }

    /**
     * Draws everything but the panel into the surface.
     *
     * @param seconds since the last frame
     */
    public void draw(Surface surface, Scene scene, double seconds) {
        float[] view = camera.view();
        glBindFramebuffer(GL_FRAMEBUFFER, surface.framebuffer());
        glViewport(0, 0, surface.width(), surface.height());
        glClearColor(Colour.red(Palette.PAPER), Colour.green(Palette.PAPER), Colour.blue(Palette.PAPER), 1);
        glClear(GL_COLOR_BUFFER_BIT);
        if (scene.density() || scene.painting()) {
            density.draw(view, scene.painting() ? PAINTED_STRENGTH : DENSITY_STRENGTH);
        }
        if (scene.trails()) {
            if (!trailing || !Arrays.equals(view, lastView)) {
                trails.reset();
            }
            lastView = view;
            trails.begin(surface.width(), surface.height(), seconds);
            drawPoints(scene, view, 0.5f, 0.35f);
            trails.end(surface.framebuffer());
        }
        trailing = scene.trails();
        if (scene.grid() != null) {
            lines.drawGrid(scene.grid(), view);
        }
        drawPoints(scene, view, 1, 1);
        if (scene.arrows() != null) {
            lines.drawArrows(scene.arrows()[0], scene.arrows()[1], view);
        }
        if (scene.trajectory() != null) {
            lines.drawWay(scene.trajectory(), view, scale);
        }
    }

    private void drawPoints(Scene scene, float[] view, float sizeShare, float opacityShare) {
        double spacing = camera.side() / Math.sqrt(scene.points().points());
        double diameter = scene.pointSize()
                * Math.max(LEAST_DIAMETER * scale, Math.min(MOST_DIAMETER * scale, DIAMETER_PER_SPACING * spacing));
        double overlap = Math.PI / 4 * diameter * diameter / (spacing * spacing);
        float opacity = (float) Math.max(LEAST_OPACITY, Math.min(MOST_OPACITY, OPACITY_TIMES_OVERLAP / overlap));
        points.draw(scene.points(), view, (float) diameter * sizeShare, opacity * opacityShare * (scene.additive() ? GLOW : 1),
                scene.additive() ? 0 : 1);
    }

    @Override
    public void close() {
        density.close();
        points.close();
        lines.close();
        trails.close();
    }
}
