package iadb.view.scene;

/**
 * What one frame shows.
 *
 * @param grid       null: not shown
 * @param arrows     OpenGL's names of the buffers with {@link LineDrawing#arrowTails} and the arrows' heads; null: not shown
 * @param trajectory of the chosen point, [frames, 2]; null: none is chosen
 * @param density    whether the density is shown
 * @param painting   whether the canvas is shown, and brighter
 * @param additive   whether overlapping points add up their light; else each covers what is behind it
 * @param pointSize  factor of the diameter that suits the number of points
 */
public record Scene(Flow points, Flow grid, int[] arrows, float[] trajectory, boolean density, boolean painting, boolean trails,
        boolean additive, float pointSize) { }
