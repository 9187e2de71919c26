package iadb.view;

import iadb.density.Density;
import iadb.model.Network;
import iadb.train.TrainingSettings;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The settings of the window.
 *
 * @param p0         the density to start from
 * @param p1         the density to arrive at
 * @param training   settings of the network; its shape is the model's where one is given
 * @param model      a network to show without training it
 * @param points     how many are shown at first
 * @param steps      T, of a whole pass
 * @param invert     in dropped image files, dark is dense
 * @param width      of the window, units of the desktop; pixels off screen
 * @param height     in the same units
 * @param share      whether OpenCL and OpenGL share the points where the device can; else they are copied
 * @param offscreen  draw without a display
 * @param vsync      wait for the screen
 * @param seconds    the window closes so long after its first frame; empty: the user closes it
 * @param screenshot file for the last frame
 * @param recording  file for an animation of what is shown
 * @param folder     for screenshots that the user takes
 */
public record RealtimeConfig(Density p0, Density p1, TrainingSettings training, Optional<Network> model,
        int points, int steps, boolean invert, int width, int height, boolean share, boolean offscreen, boolean vsync,
        Optional<Double> seconds, Optional<Path> screenshot, Optional<Path> recording, Path folder) {
    /** The most points that the window moves. */
    public static final int MOST_POINTS = ViewState.MOST_POINTS;
}
