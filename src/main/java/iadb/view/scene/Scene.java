package iadb.view.scene;

/**
 * The content of one frame.
 *
 * @param grid       null if it is not shown
 * @param arrows     OpenGL's names of the buffers of {@link LineDrawing#arrowTails} and of the heads; null if not shown
 * @param trajectory of the chosen point, [frames, 2]; null if none is chosen
 * @param density    whether the target density is shown
 * @param painting   whether the canvas is shown instead, which is brighter
 * @param additive   whether the light of overlapping points is added; otherwise each point covers those behind it
 * @param pointSize  factor of the diameter that suits the number of points
 */
public record Scene(Flow points, Flow grid, int[] arrows, float[] trajectory, boolean density, boolean painting, boolean trails,
        boolean additive, float pointSize) { }
