package iadb.view;

import iadb.density.Density;
import iadb.model.Network;
import java.io.IOException;

/** Whoever keeps what is made in the window: the view itself writes pictures only. */
public interface Keeper {
    /** Takes the losses of further iterations, in order. */
    void losses(float[] losses);

    /** The training starts anew, from fresh weights. */
    void restarted();

    /** Whether the program was asked to end. */
    boolean interrupted();

    /**
     * A training has come to its end, or the user asks for what there is.
     *
     * @param iterations that made the network; 0: it was loaded
     * @param points     where the points of the window are now, [N, 2]
     * @return what was written, for a line in the window
     * @throws IOException when it cannot be written: the window says so, and goes on
     */
    String keep(Network network, int iterations, Density p0, Density p1, float[] points) throws IOException;
}
