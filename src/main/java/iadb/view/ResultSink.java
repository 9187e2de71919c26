package iadb.view;

import iadb.model.Model;
import iadb.train.LossHistory;
import java.io.IOException;

/** Receives the results of the window. The window itself writes only pictures. */
public interface ResultSink {
    /** Whether the program was asked to stop. */
    boolean interrupted();

    /**
     * Writes the results, when a training has ended or the user asks for it.
     *
     * @param losses of the training; empty if the model was loaded
     * @param points the end points of the trajectories in the window, [N, 2]
     * @return a message for the window
     * @throws IOException when the results cannot be written: the window shows the fault and stays open
     */
    String keep(Model model, LossHistory losses, float[] points) throws IOException;
}
