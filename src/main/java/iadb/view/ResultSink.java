package iadb.view;

import iadb.density.Density;
import iadb.model.Network;
import java.io.IOException;

/** Takes what is made in the window; the window itself writes only pictures. */
public interface ResultSink {
    /** Takes the losses of further iterations, in order. */
    void losses(float[] losses);

    /** The training starts again, from new weights. */
    void restarted();

    /** Whether the program was asked to end. */
    boolean interrupted();

    /**
     * Keeps the results, when a training has ended or the user asks for it.
     *
     * @param iterations that the network was trained for; 0: it was loaded
     * @param points     where the map takes the points of the window, [N, 2]
     * @return what was written, for a line in the window
     * @throws IOException when it cannot be written: the window says so, and stays open
     */
    String keep(Network network, int iterations, Density p0, Density p1, float[] points) throws IOException;
}
