package iadb.file;

import iadb.plot.Palette;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes an MP4 or WebM video at a constant rate through ffmpeg: a frame that is shown for several ticks is encoded several times.
 * ffmpeg reads raw frames from a pipe and encodes them into a temporary file of its format NUT, which, unlike MP4, can be read
 * when its end is missing. {@link #finish} lets ffmpeg copy that stream into a file of the target's format, which replaces the
 * target. So an ffmpeg that ends early, after Ctrl-C in a terminal or because it was killed, leaves a video of the frames so far.
 */
public final class VideoWriter implements FrameWriter {
    private static final Logger LOG = LoggerFactory.getLogger(VideoWriter.class);
    private static final String HOW_TO_GET = " (Debian, Ubuntu: apt install ffmpeg; Fedora: dnf install ffmpeg-free; macOS: brew install"
            + " ffmpeg; Windows: winget install ffmpeg)";
    private static final int STOPPED = 255; // ffmpeg's exit code after a signal, when it has completed its file
    private static final int TRIAL_SIDE = 256;
    private static final long TRIAL_SECONDS = 20;
    private static final double BITS_PER_PIXEL = 0.2; // for encoders without a constant quality
    private static final List<String> COLOURS = List.of("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
            "-color_range", "tv");

    private final String ffmpeg;
    private final Path target;
    private final Format format;
    private final int rate;
    private final int lastTicks;
    private final AtomicFile encoded; // never committed
    private final String encoder; // with its options
    private Process process; // null before the first frame
    private Errors errors;
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

    /** There is no ffmpeg, or it has no encoder for the format; the message says how to get it. */
    public static final class NoEncoderException extends IOException {
        private static final long serialVersionUID = 1L;

        NoEncoderException(String message, Throwable cause) { super(message, cause); }
    }

    /** Reads what ffmpeg writes to stderr, so that it does not block, and keeps the last line that gives a reason. */
    private static final class Errors extends Thread {
        private final Process process;
        private volatile String last = "";

        Errors(Process process) {
            super("ffmpeg errors");
            this.process = process;
            setDaemon(true);
        }

        @Override
        public void run() {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (!line.isBlank() && !line.startsWith("Conversion failed")) {
                        last = line.strip();
                    }
                }
            } catch (IOException e) {
                // the process was destroyed
            }
        }
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
    public VideoWriter(Path target, int rate, int lastTicks) throws IOException { this("ffmpeg", target, rate, lastTicks); }

    /** @param ffmpeg the program */
    VideoWriter(String ffmpeg, Path target, int rate, int lastTicks) throws IOException {
        this.ffmpeg = ffmpeg;
        this.target = target;
        this.rate = rate;
        this.lastTicks = lastTicks;
        format = target.toString().toLowerCase(Locale.ROOT).endsWith(".webm") ? Format.WEBM : Format.MP4;
        encoder = encoder();
        encoded = AtomicFile.open(target);
        try {
            encoded.temporary();
        } catch (FileSystemException e) {
            encoded.close();
            throw e;
        }
    }

    /** The first encoder that encodes a frame here: ffmpeg also lists those whose library or hardware is missing. */
    private String encoder() throws IOException {
        for (String candidate : format.encoders) {
            Process trial;
            try {
                trial = start(encoding(candidate, TRIAL_SIDE, TRIAL_SIDE, List.of("-f", "null", "-")));
            } catch (IOException e) {
                throw new NoEncoderException("no " + ffmpeg + " on the PATH" + HOW_TO_GET, e);
            }
            new Errors(trial).start();
            try (OutputStream in = trial.getOutputStream()) {
                in.write(new byte[TRIAL_SIDE * TRIAL_SIDE * Integer.BYTES]);
            } catch (IOException e) {
                LOG.debug("{}: {}", candidate, e.getMessage()); // it has ended already
            }
            try {
                if (trial.waitFor(TRIAL_SECONDS, TimeUnit.SECONDS) && trial.exitValue() == 0) {
                    return candidate;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            } finally {
                trial.destroyForcibly();
            }
        }
        throw new NoEncoderException("this ffmpeg cannot encode " + format.name + HOW_TO_GET, null);
    }

    private List<String> encoding(String chosen, int frameWidth, int frameHeight, List<String> output) {
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

    private Process start(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y"));
        command.addAll(arguments);
        LOG.debug("{}", String.join(" ", command));
        return new ProcessBuilder(command).redirectOutput(Redirect.DISCARD).start();
    }

    /** An argument that names a file, whatever its first characters are. */
    private static String url(Path file) { return "file:" + file.toAbsolutePath(); }

    @Override
    public int ticksPerSecond() { return rate; }

    /** @throws FileSystemException if ffmpeg ended early: the target then holds what it had encoded, if anything */
    @Override
    public void add(BufferedImage frame, int previousTicks) throws IOException {
        if (process == null) {
            width = frame.getWidth();
            height = frame.getHeight();
            held = ByteBuffer.allocate(Math.multiplyExact(width * height, Integer.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
            run(encoding(encoder, width, height, List.of("-flush_packets", "1", "-f", "nut", url(encoded.temporary()))));
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

    private void run(List<String> arguments) throws IOException {
        process = start(arguments);
        errors = new Errors(process);
        errors.start();
    }

    private void writeHeld(int ticks) throws IOException {
        for (int tick = 0; tick < ticks; tick++) {
            if (lost > 0) {
                lost++;
                continue;
            }
            try {
                process.getOutputStream().write(held.array());
            } catch (IOException e) { // ffmpeg has ended
                int code = end();
                if (closed || code != STOPPED) {
                    throw failure(code, e);
                }
                lost = 1;
            }
        }
    }

    /** Lets ffmpeg complete its file, and returns its exit code. */
    private int end() throws IOException {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            LOG.debug("ffmpeg: {}", e.getMessage()); // it has ended already
        }
        try {
            int code = process.waitFor();
            errors.join();
            return code;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private FileSystemException failure(int code, IOException cause) {
        String reason = reason("ended early with exit code " + code);
        try {
            if (!closed) {
                keep();
                reason += "; the video ends there";
            }
        } catch (IOException e) {
            LOG.debug("nothing is kept: {}", e.getMessage());
        }
        FileSystemException failure = new FileSystemException(target.toString(), null, reason);
        failure.initCause(cause);
        return failure;
    }

    /** What ffmpeg said last, with the target's name instead of those of temporary files; otherwise {@code silent}. */
    private String reason(String silent) {
        return "ffmpeg: " + (errors.last.isEmpty() ? silent
                : errors.last.replaceAll("file:.*?\\.iadb-cl\\.tmp", Matcher.quoteReplacement(target.getFileName().toString())));
    }

    /** Copies what is encoded to a file of the target's format, which replaces the target. */
    private void keep() throws IOException {
        try (AtomicFile copy = AtomicFile.open(target)) {
            List<String> arguments = new ArrayList<>(List.of("-f", "nut", "-i", url(encoded.temporary()), "-c", "copy"));
            arguments.addAll(COLOURS);
            if (!format.options.isEmpty()) {
                arguments.addAll(List.of(format.options.split(" ")));
            }
            arguments.addAll(List.of("-flush_packets", "1", "-f", format.name, url(copy.temporary())));
            run(arguments);
            int code = end();
            if (code != 0) {
                throw new FileSystemException(target.toString(), null, reason("exit code " + code));
            }
            copy.commit();
        }
    }

    @Override
    public void finish() throws IOException {
        if (process == null) {
            throw new IllegalArgumentException("a video has at least one frame");
        }
        writeHeld(lastTicks);
        int code = end();
        if (code != 0 && code != STOPPED) {
            throw failure(code, null);
        }
        keep();
        if (lost > rate) {
            LOG.warn(String.format(Locale.ROOT, "ffmpeg was stopped early: %s lacks the last %.1f s", target, lost / (double) rate));
        }
    }

    @Override
    public void close() {
        closed = true;
        if (process != null) {
            try {
                process.destroyForcibly().waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        encoded.close();
    }
}
