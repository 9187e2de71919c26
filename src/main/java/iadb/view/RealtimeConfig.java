package iadb.view;

import iadb.density.Density;
import iadb.model.Network;
import iadb.train.TrainingSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The settings of the window.
 *
 * @param p0         the density to start from
 * @param p1         the density to arrive at
 * @param maps       what the tiles show, 1 to {@value #MAX_TILES}
 * @param points     the initial number of points
 * @param seed       of the points
 * @param invert     whether dark is dense in dropped image files
 * @param invertHint how the user changes that, in parentheses after a message
 * @param width      of the window in desktop units; off screen in pixels
 * @param height     in the same units
 * @param share      whether OpenCL and OpenGL share the points if the device supports it; otherwise they are copied
 * @param offscreen  draw without a display
 * @param vsync      wait for the screen
 * @param seconds    time from the first frame until the window closes; empty: the user closes it
 * @param screenshot file for the last frame
 * @param recording  where the window is recorded
 * @param folder     for screenshots that the user takes
 */
public record RealtimeConfig(Density p0, Density p1, List<Shown> maps, int points, long seed, boolean invert, String invertHint, int width,
        int height, boolean share, boolean offscreen, boolean vsync, Optional<Double> seconds, Optional<Path> screenshot,
        Optional<Recording> recording, Path folder) {
    /** The maximum number of points in a tile. */
    public static final int MAX_POINTS = 1 << 22;

    /** The maximum number of tiles. */
    public static final int MAX_TILES = 4;

    /**
     * What a tile shows.
     *
     * @param training  settings of the training; if a model is given, its shape is that of the model
     * @param model     a network to show without training it
     * @param modelName the model's name for the user; empty without one
     * @param steps     T, the steps of a full pass
     */
    public record Shown(TrainingSettings training, Optional<Network> model, Optional<String> modelName, int steps) { }
}
