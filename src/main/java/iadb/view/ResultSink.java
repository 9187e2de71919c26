package iadb.view;

import iadb.model.Model;
import iadb.train.LossHistory;
import java.io.IOException;

/** Takes what is made in the window; the window itself writes only pictures. */
public interface ResultSink {
    /** Whether the program was asked to end. */
    boolean interrupted();

    /**
     * Keeps the results, when a training has ended or the user asks for it.
     *
     * @param losses of the model's training; none where the model was loaded
     * @param points    where the map takes the points of the window, [N, 2]
     * @return what was written, for a line in the window
     * @throws IOException when it cannot be written: the window says so, and stays open
     */
    String keep(Model model, LossHistory losses, float[] points) throws IOException;
}
