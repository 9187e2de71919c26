package iadb.file;

import iadb.fault.FileFault;
import iadb.plot.Palette;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes an MP4 or WebM video at a constant rate through ffmpeg: a frame that is shown for several ticks is encoded several times.
 * ffmpeg reads raw frames from a pipe and encodes them into a temporary file of its format NUT, which, unlike MP4, can be read
 * when its end is missing. {@link #finish} lets ffmpeg copy that stream into a file of the target's format, which replaces the
 * target. So an ffmpeg that ends early, after Ctrl-C in a terminal or because it was killed, leaves a video of the frames so far. If
 * the copy fails, because the disk is full, the stream itself is kept beside the target: its name is the target's and {@code .nut}.
 */
public final class VideoWriter implements FrameWriter {
    private static final Logger LOG = LoggerFactory.getLogger(VideoWriter.class);
    private static final String HOW_TO_GET = " (Debian, Ubuntu: apt install ffmpeg; Fedora: dnf install ffmpeg-free; macOS: brew install"
            + " ffmpeg; Windows: winget install ffmpeg)";
    private static final int TRIAL_SIDE = 256;
    private static final long MAX_TRIAL_MILLIS = 20_000;
    private static final double BITS_PER_PIXEL = 0.2; // for encoders without a constant quality
    private static final int NUT_HEADER_BYTES = 1024; // at most; a shorter file has no frames
    private static final List<String> COLOURS = List.of("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
            "-color_range", "tv");

    private final String ffmpeg;
    private final Path target;
    private final Format format;
    private final int rate;
    private final int lastTicks;
    private final AtomicFile encoded; // committed only after a failure, beside the target
    private final String encoder; // with its options
    private Ffmpeg encoding; // null before the first frame
    private FileSystemException fault; // the first; null without one
    private ByteBuffer held; // the latest frame, [height][width] little-endian 0x00RRGGBB, written when the next frame arrives
    private int width;
    private int height;
    private int lost; // frames that ffmpeg did not take after a signal
    private volatile boolean closed;

    /** The format of a file, by its ending, and its encoders in order of preference. */
    private enum Format {
        MP4("mp4", "-movflags +faststart", List.of("libx264 -preset veryfast -crf 18", "libopenh264 -b:v BITRATE",
                "h264_videotoolbox -b:v BITRATE", "h264_mf -b:v BITRATE", "mpeg4 -q:v 2")),
        WEBM("webm", "", List.of("libvpx-vp9 -deadline realtime -cpu-used 8 -row-mt 1 -crf 30 -b:v 0",
                "libvpx -deadline realtime -cpu-used 8 -crf 8 -b:v BITRATE"));

        private final String name;
        private final String options;
        private final List<String> encoders;

        Format(String name, String options, List<String> encoders) {
            this.name = name;
            this.options = options;
            this.encoders = encoders;
        }
    }

    /** ffmpeg is missing or lacks an encoder for the format; the message says how to install it. */
    public static final class NoEncoderException extends IOException {
        private static final long serialVersionUID = 1L;

        NoEncoderException(String message, Throwable cause) { super(message, cause); }
    }

    /** Whether a file's ending is that of a video. */
    public static boolean isVideo(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).matches("(?s).*\\.(mp4|webm)");
    }

    /**
     * Opens a video.
     *
     * @param target    a file that ends in {@code .mp4} or {@code .webm}
     * @param rate      frames, which are also ticks, a second
     * @param lastTicks how long the last frame is shown
     * @throws NoEncoderException  if ffmpeg cannot be started or cannot encode the format
     * @throws FileSystemException if the target cannot be written or is not a regular file
     */
    public VideoWriter(Path target, int rate, int lastTicks) throws IOException {
        this("ffmpeg", MAX_TRIAL_MILLIS, target, rate, lastTicks);
    }

    /**
     * @param ffmpeg         the program
     * @param maxTrialMillis how long the trial of an encoder may take
     */
    VideoWriter(String ffmpeg, long maxTrialMillis, Path target, int rate, int lastTicks) throws IOException {
        this.ffmpeg = ffmpeg;
        this.target = target;
        this.rate = rate;
        this.lastTicks = lastTicks;
        format = target.toString().toLowerCase(Locale.ROOT).endsWith(".webm") ? Format.WEBM : Format.MP4;
        encoder = encoder(maxTrialMillis);
        encoded = AtomicFile.open(target);
        try {
            encoded.temporary();
        } catch (FileSystemException e) {
            encoded.close();
            throw e;
        }
    }

    /** The first encoder that encodes a frame here: ffmpeg also lists those whose library or hardware is missing. */
    private String encoder(long maxMillis) throws IOException {
        String reason = "";
        for (String candidate : format.encoders) {
            try (Ffmpeg trial = trial(candidate)) {
                trial.limit(maxMillis);
                try {
                    trial.input().write(new byte[TRIAL_SIDE * TRIAL_SIDE * Integer.BYTES]);
                } catch (IOException e) {
                    LOG.debug("{}: {}", candidate, e.getMessage()); // it has ended already
                }
                int code = trial.end();
                if (code == 0) {
                    return candidate;
                }
                reason = trial.reason("exit code " + code);
                LOG.debug("{}: {}", candidate, reason);
            }
        }
        throw new NoEncoderException("this ffmpeg cannot encode " + format.name + ": " + reason + HOW_TO_GET, null);
    }

    private Ffmpeg trial(String candidate) throws NoEncoderException {
        try {
            return new Ffmpeg(ffmpeg, encodingBy(candidate, TRIAL_SIDE, TRIAL_SIDE, List.of("-f", "null", "-")));
        } catch (IOException e) {
            throw new NoEncoderException("no " + ffmpeg + " on the PATH" + HOW_TO_GET, e);
        }
    }

    private List<String> encodingBy(String chosen, int frameWidth, int frameHeight, List<String> output) {
        int evenWidth = frameWidth + frameWidth % 2; // of a picture with half the resolution in colour
        int evenHeight = frameHeight + frameHeight % 2;
        long bitrate = Math.round(BITS_PER_PIXEL * evenWidth * evenHeight * rate);
        List<String> arguments = new ArrayList<>(List.of("-f", "rawvideo", "-pixel_format", "bgr0", "-video_size",
                frameWidth + "x" + frameHeight, "-framerate", Integer.toString(rate), "-i", "pipe:0", "-vf",
                String.format(Locale.ROOT, "pad=%d:%d:color=0x%06X,scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd"
                        + "+full_chroma_int,format=yuv420p", evenWidth, evenHeight, Palette.PAPER), "-c:v"));
        arguments.addAll(List.of(chosen.replace("BITRATE", Long.toString(bitrate)).split(" ")));
        arguments.addAll(COLOURS);
        arguments.addAll(output);
        return arguments;
    }

    /** An argument that names a file, whatever its first characters are. */
    private static String url(Path file) { return "file:" + file.toAbsolutePath(); }

    /** The process that encodes, after the first frame. */
    Process process() { return encoding.process(); }

    @Override
    public int ticksPerSecond() { return rate; }

    /**
     * {@inheritDoc}
     *
     * @throws FileSystemException if ffmpeg ended early, then and at every later call: the message says where the frames so far are
     */
    @Override
    public void add(BufferedImage frame, int previousTicks) throws IOException {
        throwFault();
        if (encoding == null) {
            width = frame.getWidth();
            height = frame.getHeight();
            held = ByteBuffer.allocate(Math.multiplyExact(width * height, Integer.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
            encoding = new Ffmpeg(ffmpeg, encodingBy(encoder, width, height,
                    List.of("-flush_packets", "1", "-f", "nut", url(encoded.temporary()))));
        } else {
            writeHeld(previousTicks);
        }
        if (frame.getWidth() != width || frame.getHeight() != height) {
            throw new IllegalArgumentException("a frame of %s x %s pixels, the first has %s x %s".formatted(frame.getWidth(),
                    frame.getHeight(), width, height));
        }
        int[] row = new int[width];
        IntBuffer pixels = held.asIntBuffer();
        for (int y = 0; y < height; y++) {
            if (frame.getType() == BufferedImage.TYPE_INT_RGB) {
                frame.getRaster().getDataElements(0, y, width, 1, row);
            } else {
                frame.getRGB(0, y, width, 1, row, 0, width);
            }
            pixels.put(row);
        }
    }

    private void throwFault() throws FileSystemException {
        if (fault != null) {
            throw fault;
        }
    }

    private void writeHeld(int ticks) throws IOException {
        for (int tick = 0; tick < ticks; tick++) {
            if (lost > 0) {
                lost++;
                continue;
            }
            try {
                encoding.input().write(held.array());
            } catch (IOException e) { // ffmpeg has ended
                int code = encoding.end();
                if (closed || code != Ffmpeg.STOPPED) {
                    throw endedEarly(code, e);
                }
                lost = 1;
            }
        }
    }

    private FileSystemException endedEarly(int code, IOException cause) {
        String reason = reason(encoding, "ended early with exit code " + code);
        if (closed) {
            return fault(reason, cause);
        }
        try {
            copy();
            return fault(reason + "; the video ends there", cause);
        } catch (IOException e) {
            LOG.debug("no copy: {}", e.getMessage());
            return fault(reason + kept(), cause);
        }
    }

    private FileSystemException fault(String reason, IOException cause) {
        fault = new FileSystemException(target.toString(), null, reason);
        fault.initCause(cause);
        return fault;
    }

    /** What ffmpeg said last, with the target's name instead of those of temporary files; otherwise {@code silent}. */
    private String reason(Ffmpeg run, String silent) {
        return "ffmpeg: " + run.reason(silent).replaceAll("file:.*?\\.iadb-cl\\.tmp",
                Matcher.quoteReplacement(target.getFileName().toString()));
    }

    /** Copies the encoded stream to a file of the target's format, which replaces the target. */
    private void copy() throws IOException {
        try (AtomicFile copy = AtomicFile.open(target)) {
            List<String> arguments = new ArrayList<>(List.of("-f", "nut", "-i", url(encoded.temporary()), "-c", "copy"));
            arguments.addAll(COLOURS);
            if (!format.options.isEmpty()) {
                arguments.addAll(List.of(format.options.split(" ")));
            }
            arguments.addAll(List.of("-flush_packets", "1", "-f", format.name, url(copy.temporary())));
            try (Ffmpeg copier = new Ffmpeg(ffmpeg, arguments)) {
                int code = copier.end();
                if (code != 0) {
                    throw new FileSystemException(target.toString(), null, reason(copier, "exit code " + code));
                }
            }
            copy.commit();
        }
    }

    /** Keeps the encoded stream beside the target and says where; an empty text if it holds no frame. */
    private String kept() {
        try {
            if (Files.size(encoded.temporary()) < NUT_HEADER_BYTES) {
                return "";
            }
            Path kept = encoded.commitBeside(".nut");
            return "; the frames so far are kept: once there is space, ffmpeg -i \"%s\" -c copy \"%s\" makes them a video".formatted(
                    kept, target);
        } catch (IOException e) {
            LOG.debug("nothing is kept: {}", e.getMessage());
            return "";
        }
    }

    @Override
    public void finish() throws IOException {
        throwFault();
        if (encoding == null) {
            throw new IllegalArgumentException("a video has at least one frame");
        }
        writeHeld(lastTicks);
        int code = encoding.end();
        if (code != 0 && code != Ffmpeg.STOPPED) {
            throw endedEarly(code, null);
        }
        try {
            copy();
        } catch (IOException e) {
            throw fault(FileFault.of(e) + kept(), e);
        }
        if (lost > rate) {
            LOG.warn(String.format(Locale.ROOT, "ffmpeg was stopped early: %s lacks the last %.1f s", target, lost / (double) rate));
        }
    }

    @Override
    public void close() {
        closed = true;
        if (encoding != null) {
            encoding.close();
        }
        encoded.close();
    }
}
