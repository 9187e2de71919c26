package iadb.view;

import iadb.density.Density;
import iadb.model.Network;
import iadb.train.TrainingSettings;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the window is told.
 *
 * @param p0         the density to start from
 * @param p1         the density to arrive at
 * @param training   of the network; its shape is the model's where one is given
 * @param model      weights to show without a training
 * @param points     to move at first
 * @param steps      T, of a pass
 * @param invert     in image files that are dropped, dark is dense
 * @param width      of the window, units of the desktop; pixels off screen
 * @param height     as width
 * @param share      whether points may go to OpenGL without the host, where the device can; else they are copied
 * @param offscreen  draw without a display
 * @param vsync      wait for the screen
 * @param seconds    after the first frame the window closes itself; empty: the user closes it
 * @param screenshot of the last frame
 * @param recording  an animation of what is shown
 * @param folder     for screenshots that the user takes
 */
public record RealtimeConfig(Density p0, Density p1, TrainingSettings training, Optional<Network> model,
        int points, int steps, boolean invert, int width, int height, boolean share, boolean offscreen, boolean vsync,
        Optional<Double> seconds, Optional<Path> screenshot, Optional<Path> recording, Path folder) {
    /** The window moves no more. */
    public static final int MOST_POINTS = Controls.MOST_POINTS;
}
