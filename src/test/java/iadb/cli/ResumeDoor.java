package iadb.cli;

import iadb.model.CheckpointFile;
import java.util.Optional;

/** Opens to tests of other packages what {@code train --resume} does with a checkpoint before it needs a device. */
public final class ResumeDoor {
    private ResumeDoor() {
    }

    /** The task of a checkpoint, its densities and its losses so far. */
    public static void resume(CheckpointFile.Contents contents, String file) {
        TrainingRun.resumed(contents, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), file);
        LossHistory history = new LossHistory(contents.losses(), contents.metadata(), contents.checkpoint().step(), file);
        history.add(new float[] {1, 2});
        history.facts();
    }
}
