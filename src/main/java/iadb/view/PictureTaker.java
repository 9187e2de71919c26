package iadb.view;

import iadb.fault.FileFault;
import iadb.file.Png;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The pictures of a show: those that the user takes, and the recording and the last frame that the command line asked for. One
 * that cannot be written is told and the show goes on.
 */
final class PictureTaker implements AutoCloseable {
    private final RealtimeConfig config;
    private final Surface surface;
    private final Consumer<String> teller;
    private final Optional<Recorder> recorder;
    private Optional<IOException> fault = Optional.empty();
    private int screenshots;

    private interface Writing {
        void run() throws IOException;
    }

    /** @throws IOException when the recording cannot be begun */
    PictureTaker(RealtimeConfig config, Surface surface, Consumer<String> teller) throws IOException {
        this.config = config;
        this.surface = surface;
        this.teller = teller;
        recorder = config.recording().isPresent() ? Optional.of(new Recorder(config.recording().get())) : Optional.empty();
    }

    /** Takes a frame into the recording, where there is one and it is time. */
    void record() {
        if (recorder.isPresent() && recorder.get().wantsFrame()) {
            write(() -> recorder.get().add(OpenGl.readPixels(surface.width(), surface.height())));
        }
    }

    /** Writes what is shown into the output folder. */
    void takeScreenshot() {
        try {
            Files.createDirectories(config.folder());
            Path file;
            do {
                file = config.folder().resolve("screenshot_" + screenshots++ + ".png");
            } while (Files.exists(file));
            Png.write(file, OpenGl.readPixels(surface.width(), surface.height()));
            teller.accept(file.toString());
        } catch (IOException e) {
            teller.accept(notWritten(e)); // who pressed the key sees it
        }
    }

    /** Writes what is shown as the last frame, where it was asked for. */
    void takeLastFrame() {
        config.screenshot().ifPresent(file -> write(() -> Png.write(file, OpenGl.readPixels(surface.width(), surface.height()))));
    }

    /** Puts the recording in its place. */
    void finish() {
        recorder.ifPresent(recording -> write(recording::finish));
    }

    private void write(Writing writing) {
        try {
            writing.run();
        } catch (IOException e) {
            fault = Optional.of(e);
            teller.accept(notWritten(e));
        }
    }

    /** Why a picture that was asked for is not there. */
    Optional<IOException> fault() {
        return fault;
    }

    static String notWritten(IOException e) {
        return "not written: " + (e instanceof FileSystemException at ? at.getFile() + ": " + FileFault.of(e) : e.getMessage());
    }

    @Override
    public void close() {
        recorder.ifPresent(Recorder::close);
    }
}
