package iadb.view;

import iadb.fault.InvalidInputException;
import iadb.file.FrameWriter;
import iadb.file.PngFrames;
import iadb.file.VideoWriter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the window is recorded, and how.
 *
 * @param target a file, or for {@link Kind#PICTURES} a folder
 */
public record Recording(Path target, Kind kind) {
    private static final Logger LOG = LoggerFactory.getLogger(Recording.class);
    private static final int FRAMES_PER_SECOND = 30;

    /** The kinds of recordings. */
    public enum Kind {
        /** A looping GIF, reduced in size and colours. */
        GIF(8),
        /** An MP4 or WebM video. */
        VIDEO(1),
        /** A folder of numbered PNG pictures. */
        PICTURES(1);

        final int minTicks; // between two frames

        Kind(int minTicks) { this.minTicks = minTicks; }
    }

    /**
     * The recording that a name stands for: GIF and videos by their endings; a folder if it exists, ends in a slash or has no
     * ending; an existing device or pipe becomes a GIF. Empty for any other name.
     *
     * @throws InvalidInputException if it is a folder that holds the frames of another recording
     */
    public static Optional<Recording> of(String name) {
        Path path = Path.of(name);
        String last = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
        boolean exists = Files.exists(path);
        Kind kind = null;
        if (Files.isDirectory(path) || !exists && (name.endsWith("/") || name.endsWith(File.separator) || last.lastIndexOf('.') <= 0)) {
            PngFrames.requireNone(path);
            kind = Kind.PICTURES;
        } else if (VideoWriter.isVideo(path)) {
            kind = exists && !Files.isRegularFile(path) ? null : Kind.VIDEO; // needs a seekable file
        } else if (last.endsWith(".gif") || exists && !Files.isRegularFile(path)) {
            kind = Kind.GIF;
        }
        return Optional.ofNullable(kind).map(found -> new Recording(path, found));
    }

    /** Starts to write; without ffmpeg, a video becomes a new folder of pictures beside the target, and a warning says so. */
    FrameWriter open() throws IOException {
        if (kind == Kind.GIF) {
            return new GifRecording(target);
        }
        if (kind == Kind.PICTURES) {
            return new PngFrames(target, FRAMES_PER_SECOND);
        }
        try {
            return new VideoWriter(target, FRAMES_PER_SECOND, 1);
        } catch (VideoWriter.NoEncoderException e) {
            Path folder = newFolder();
            FrameWriter pictures = new PngFrames(folder, FRAMES_PER_SECOND);
            LOG.warn("{}; the frames of {} are written to {} and can be joined later: ffmpeg -framerate {} -i \"{}\" -vf"
                    + " \"pad=ceil(iw/2)*2:ceil(ih/2)*2\" -pix_fmt yuv420p \"{}\"", e.getMessage(), target, folder, FRAMES_PER_SECOND,
                    folder.resolve(PngFrames.NAMES), target);
            return pictures;
        }
    }

    /** The folder for the frames of a video that cannot be written: beside it, and without those of an earlier recording. */
    private Path newFolder() {
        String name = target.getFileName().toString().replaceFirst("\\.[^.]*$", "-frames");
        Path folder = target.resolveSibling(name);
        for (int number = 2; PngFrames.anyIn(folder).isPresent(); number++) {
            folder = target.resolveSibling(name + "-" + number);
        }
        return folder;
    }
}
