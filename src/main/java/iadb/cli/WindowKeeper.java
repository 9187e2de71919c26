package iadb.cli;

import iadb.density.Density;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.file.Npy;
import iadb.model.Model;
import iadb.model.ModelFile;
import iadb.model.Network;
import iadb.train.LossHistory;
import iadb.train.Provenance;
import iadb.train.TrainingSettings;
import iadb.view.ResultSink;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Optional;

/** Writes what is made in the window: the model, its losses, and the points. */
final class WindowKeeper implements ResultSink {
    private final TrainingSettings config;
    private final Options.Output output;
    private LossHistory history;

    WindowKeeper(TrainingSettings config, Options.Output output) {
        this.config = config;
        this.output = output;
        history = new LossHistory(config.iterations());
    }

    @Override
    public void losses(float[] losses) {
        history.add(losses);
    }

    @Override
    public void restarted() {
        history = new LossHistory(config.iterations());
    }

    @Override
    public boolean interrupted() {
        return Interruption.underWay();
    }

    @Override
    public String keep(Network network, int done, Density p0, Density p1, float[] points) throws IOException {
        if (!network.isFinite()) {
            throw new IOException("a weight is not finite");
        }
        Path folder;
        try {
            folder = output.ready();
        } catch (InvalidInputException e) {
            throw e.getCause() instanceof IOException fault ? new FileSystemException(output.folder.toString(), null, FileFault.of(fault))
                    : new IOException(e.getMessage(), e);
        }
        ModelFile.write(folder.resolve("model.safetensors"), new Model(network, Optional.of(p0), Optional.of(p1),
                Provenance.ofModel(config.withShape(network.shape()), p0, p1, done, Optional.empty())));
        Npy.write(folder.resolve("points.npy"), points, points.length / 2, 2);
        if (history.steps() > 0) {
            TrainingFiles.write(history, folder);
        }
        return "kept in " + folder;
    }
}
