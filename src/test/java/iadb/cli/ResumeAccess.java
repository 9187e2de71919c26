package iadb.cli;

import iadb.model.Checkpoint;
import iadb.train.LossHistory;
import iadb.train.Provenance;
import java.util.Optional;

/** What {@code train --resume} does with a checkpoint before it needs a device. */
public final class ResumeAccess {
    private ResumeAccess() { }

    /** The settings of a checkpoint, its densities and its losses so far. */
    public static void resume(Checkpoint.Contents contents, String file) {
        Provenance.resumed(contents, Optional.empty(), Optional.empty(), file);
        Provenance.checkpointEvery(contents, file);
        contents.density(true, Optional.empty(), file);
        contents.density(false, Optional.empty(), file);
        LossHistory history = new LossHistory(contents.losses(), contents.metadata(), contents.checkpoint().step(), file);
        history.add(new float[] {1, 2});
        history.curve();
    }
}
