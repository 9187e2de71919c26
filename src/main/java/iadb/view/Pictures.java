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

/**
 * Writes pictures of the window: screenshots, the last frame, and a recording, which another thread encodes. When a picture cannot
 * be written, the user gets a message and the window stays open.
 */
final class Pictures implements AutoCloseable {
    private final RealtimeConfig config;
    private final Surface surface;
    private final Consumer<String> messages;
    private final Optional<Recorder> recorder;
    private Optional<IOException> fault = Optional.empty();
    private int screenshots;

    private interface PictureWriter {
        void write() throws IOException;
    }

    /**
     * @param messages receives messages to the user
     * @throws IOException when the recording cannot be started
     */
    Pictures(RealtimeConfig config, Surface surface, Consumer<String> messages) throws IOException {
        this.config = config;
        this.surface = surface;
        this.messages = messages;
        recorder = config.recording().isPresent() ? Optional.of(recorder(config.recording().get())) : Optional.empty();
    }

    private static Recorder recorder(Recording recording) throws IOException {
        return new Recorder(recording.open(), recording.kind().minTicks, System::nanoTime);
    }

    private BufferedImage frame() { return OpenGl.readPixels(surface.width(), surface.height()); }

    /** Writes the current frame as a new file in the output folder. */
    void takeScreenshot() {
        try {
            Files.createDirectories(config.folder());
            Path file;
            do {
                file = config.folder().resolve("screenshot_" + screenshots++ + ".png");
            } while (Files.exists(file));
            Png.write(file, frame());
            messages.accept(file.toString());
        } catch (IOException e) {
            messages.accept(notWritten(e));
        }
    }

    /** Writes the current frame to the file for the last frame, if there is one; a recording without frames gets it, too. */
    void takeLastFrame() {
        config.screenshot().ifPresent(file -> write(() -> Png.write(file, frame())));
        if (recorder.isPresent() && recorder.get().isEmpty()) {
            record();
        }
    }

    /** Finishes the recording. */
    void finish() {
        recorder.ifPresent(present -> write(() -> present.finish(
                () -> messages.accept("encoding the rest of " + config.recording().orElseThrow().target()))));
    }

    private void write(PictureWriter writer) {
        try {
            writer.write();
        } catch (IOException e) {
            fault = Optional.of(e);
            messages.accept(notWritten(e));
        }
    }

    /** The exception from writing the recording or the last frame, if any. */
    Optional<IOException> fault() { return fault; }

    static String notWritten(IOException e) {
        return "not written: " + (e instanceof FileSystemException at ? at.getFile() + ": " + FileFault.of(e) : e.getMessage());
    }

    /**
     * Adds the current frame to the recording if the next is due. The recording begins with the first call, and shows a frame for
     * as long as the window did, while the recorder keeps pace: without further calls it holds the last frame.
     */
    void record() {
        recorder.ifPresent(present -> write(() -> present.record(surface.width(), surface.height(), this::frame)));
    }

    /** Finishes the recording, if that has not happened, and ends. */
    @Override
    public void close() {
        finish();
        recorder.ifPresent(Recorder::close);
    }
}
