package iadb.view;

import iadb.fault.FileFault;
import iadb.file.Png;
import iadb.view.surface.OpenGl;
import iadb.view.surface.Surface;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** Writes the user's screenshots, the recording and the last frame. When one cannot be written, it says so and the window stays open. */
final class Pictures implements AutoCloseable {
    private final RealtimeConfig config;
    private final Surface surface;
    private final Consumer<String> say;
    private final Optional<Recorder> recorder;
    private Optional<IOException> fault = Optional.empty();
    private int screenshots;

    private interface Writing {
        void run() throws IOException;
    }

    /**
     * @param say takes a line for the user
     * @throws IOException when the recording cannot be started
     */
    Pictures(RealtimeConfig config, Surface surface, Consumer<String> say) throws IOException {
        this.config = config;
        this.surface = surface;
        this.say = say;
        recorder = config.recording().isPresent() ? Optional.of(new Recorder(config.recording().get())) : Optional.empty();
    }

    private BufferedImage frame() { return OpenGl.readPixels(surface.width(), surface.height()); }

    /** Adds the frame to the recording, if there is one and it is time. */
    void record() {
        if (recorder.isPresent() && recorder.get().wantsFrame()) {
            write(() -> recorder.get().add(frame()));
        }
    }

    /** Writes the frame into the output folder. */
    void takeScreenshot() {
        try {
            Files.createDirectories(config.folder());
            Path file;
            do {
                file = config.folder().resolve("screenshot_" + screenshots++ + ".png");
            } while (Files.exists(file));
            Png.write(file, frame());
            say.accept(file.toString());
        } catch (IOException e) {
            say.accept(notWritten(e));
        }
    }

    /** Writes the frame as the last one, if that was asked for. */
    void takeLastFrame() { config.screenshot().ifPresent(file -> write(() -> Png.write(file, frame()))); }

    /** Completes the recording. */
    void finish() { recorder.ifPresent(recording -> write(recording::finish)); }

    private void write(Writing writing) {
        try {
            writing.run();
        } catch (IOException e) {
            fault = Optional.of(e);
            say.accept(notWritten(e));
        }
    }

    /** Why the recording or the last frame is missing. */
    Optional<IOException> fault() { return fault; }

    static String notWritten(IOException e) {
        return "not written: " + (e instanceof FileSystemException at ? at.getFile() + ": " + FileFault.of(e) : e.getMessage());
    }

    @Override
    public void close() { recorder.ifPresent(Recorder::close); }
}
