package iadb.cli;

import iadb.density.Density;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.file.Json;
import iadb.file.NpyWriter;
import iadb.model.Model;
import iadb.train.LossHistory;
import iadb.view.RealtimeConfig;
import iadb.view.RealtimeConfig.Shown;
import iadb.view.RealtimeView;
import iadb.view.Recording;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The window's options, its process on macOS, and what it prints and writes. */
final class Window {
    private static final int MAX_SIDE = 16_384;
    private static final String ON_FIRST_THREAD = "iadb.firstThread";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--realtime", description = "Show the training in a window instead: points move while the network"
            + " learns. The model, the losses and the points are written to --out when the training ends, when it is stopped, and when X"
            + " is pressed. The last line on stdout is a JSON object with frames, frame times, points, transfer and devices.")
    boolean realtime;

    @Option(names = "--window", paramLabel = "WxH", defaultValue = "1280x800",
            description = "With --realtime: size of the window (default: ${DEFAULT-VALUE}).")
    private String size;

    @Option(names = "--interop", paramLabel = "auto|off", defaultValue = "auto",
            description = "With --realtime: auto: share the points between OpenCL and OpenGL if possible, otherwise copy them;"
                    + " off: always copy (default: ${DEFAULT-VALUE}).")
    private String interop;

    @Option(names = "--offscreen", description = "With --realtime: draw without a display (EGL).")
    private boolean offscreen;

    @Option(names = "--seconds", paramLabel = "S",
            description = "With --realtime: close the window S seconds after the first frame (default: stay open).")
    private Double seconds;

    @Option(names = "--screenshot", paramLabel = "FILE.png", description = "With --realtime: save the last frame as PNG.")
    private Path screenshot;

    @Option(names = "--record", paramLabel = "FILE|DIR",
            description = "With --realtime: record what is shown, at its speed. FILE.gif: a small looping GIF; FILE.mp4 or FILE.webm: a"
                    + " video in full size (needs ffmpeg on the PATH; without it the frames are kept in FILE-frames); DIR: 30 PNG files"
                    + " per second, in a new folder or one without frames. The recording begins when the kernels are built, and holds its"
                    + " last frame, for up to 5 seconds, while they are rebuilt.")
    private Path record;

    @Option(names = "--compare", paramLabel = "MAP,MAP…", arity = "0..1", fallbackValue = "tutorial,quick,sharp",
            description = "With --realtime: show two to four maps side by side, with the same points. A MAP is a model file, or changes"
                    + " to your options joined by +: a preset, a coupling, none or fourier[:F[:SIGMA]] as the encoding, reflow, or a setting"
                    + " such as lr=0.01, steps=8 or seed=1; for example independent,ot,ot+reflow. A single MAP is compared with your options"
                    + " or --model. The results of each go to a folder of their own in --out (without a MAP: tutorial,quick,sharp).")
    private List<String> compare = List.of();

    @Option(names = "--vsync", paramLabel = "on|off", defaultValue = "on",
            description = "With --realtime: synchronise with the display's refresh (default: ${DEFAULT-VALUE}).")
    private String vsync;

    /** Refuses the window's options; to be called without {@code --realtime}. */
    static void refuseOptions(CommandSpec command) {
        for (String option : List.of("--window", "--interop", "--offscreen", "--seconds", "--screenshot", "--record", "--vsync",
                "--compare")) {
            Options.refuse(Options.isGiven(command, option), option + " works only with --realtime");
        }
    }

    /**
     * Shows the window until it closes, and prints its summary.
     *
     * @return the exit code
     */
    int show(RealtimeConfig config, Options.DeviceChoice device, Options.Output output) throws IOException {
        if (needsFirstThread()) {
            return runOnFirstThread(command.commandLine().getParseResult().originalArgs());
        }
        RealtimeView.Summary summary = RealtimeView.run(config, device::candidates, new Results(output));
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("frames", summary.frames());
        record.put("frame_ms_p50", summary.frameMillisMedian());
        record.put("frame_ms_p99", summary.frameMillis99());
        record.put("points", summary.points());
        record.put("transfer", summary.transfer());
        record.put("host_bytes_per_frame", summary.hostBytesPerFrame());
        record.put("device", summary.device());
        record.put("gl_renderer", summary.glRenderer());
        if (summary.tiles().size() > 1) {
            record.put("tiles", summary.tiles().stream().map(tile -> {
                Map<String, Object> each = new LinkedHashMap<>(Map.of("name", tile.name()));
                each.put("iterations", tile.iterations());
                tile.distance().ifPresent(distance -> each.put("sliced_wasserstein_1", distance));
                return each;
            }).toList());
        }
        System.out.println(Json.line(record));
        return 0;
    }

    /** The maps of {@code --compare}; empty if it is not given. */
    Optional<ComparedMaps> compared(Path modelFile) {
        return compare.isEmpty() ? Optional.empty() : Optional.of(new ComparedMaps(compare, command, modelFile));
    }

    /** What to show, with the options of the window. */
    RealtimeConfig config(Density p0, Density p1, List<Shown> maps, int points, long seed, boolean invert, Path folder) {
        Options.refuse(!size.matches("\\d{1,5}x\\d{1,5}"), "--window " + size + " is not a size such as 1280x800");
        int[] sides = Arrays.stream(size.split("x")).mapToInt(Integer::parseInt).toArray();
        InvalidInputException.requireRange("--window", sides[0], MAX_SIDE);
        InvalidInputException.requireRange("--window", sides[1], MAX_SIDE);
        Options.refuse(seconds != null && !(seconds >= 0 && seconds <= 1e9), "--seconds " + String.valueOf(seconds)
                .replaceFirst("\\.0$", "") + " is not " + Options.range("", "--seconds"));
        Options.refuse(offscreen && seconds == null, "--offscreen needs --seconds: there is no window that could be closed");
        Optional<Recording> recording = Optional.ofNullable(record).flatMap(file -> Recording.of(textOf("--record")));
        Options.refuse(record != null && recording.isEmpty(),
                "--record " + record + ": give a file that ends in .gif, .mp4 or .webm, or a folder");
        return new RealtimeConfig(p0, p1, maps, points, seed, invert,
                invert ? " (start it without --invert)" : " (start it with --invert)", sides[0], sides[1],
                Options.either("--interop", interop, "auto", "off"), offscreen, Options.either("--vsync", vsync, "on", "off"),
                Optional.ofNullable(seconds), Optional.ofNullable(screenshot), recording, folder);
    }

    /** What the user gave, with a slash at its end, which paths lose. */
    private String textOf(String option) {
        List<String> texts = command.commandLine().getParseResult().matchedOption(option).originalStringValues();
        return texts.get(texts.size() - 1);
    }

    /**
     * Whether the window needs another process: macOS allows windows only on a process's first thread, on which Java runs
     * {@code main} only with {@code -XstartOnFirstThread}. Not tested on a Mac.
     */
    private static boolean needsFirstThread() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") && !Boolean.getBoolean(ON_FIRST_THREAD)
                && !"1".equals(System.getenv("JAVA_STARTED_ON_FIRST_THREAD_" + ProcessHandle.current().pid()));
    }

    /** Runs the program on the first thread of another process, and returns its exit code. */
    private static int runOnFirstThread(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.add("-XstartOnFirstThread");
        command.add("-D" + ON_FIRST_THREAD + "=true");
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Writes the model, the losses and the points of the window. */
    private record Results(Options.Output output) implements RealtimeView.ResultSink {
        @Override
        public boolean interrupted() { return Interruption.isRequested(); }

        @Override
        public String keep(String tile, Model model, LossHistory losses, float[] points) throws IOException {
            if (!model.network().isFinite()) {
                throw new IOException("a weight is not finite");
            }
            Path folder = output.folder.resolve(tile);
            try {
                Options.ready("--out", folder);
            } catch (InvalidInputException e) {
                throw e.getCause() instanceof IOException fault
                        ? new FileSystemException(folder.toString(), null, FileFault.of(fault)) : new IOException(e.getMessage(), e);
            }
            Model.write(folder.resolve("model.safetensors"), model);
            NpyWriter.writePoints(folder.resolve("points.npy"), points, model.box());
            if (losses.steps() > 0) {
                TrainingReporter.write(losses, folder);
            }
            return "kept in " + folder;
        }
    }
}
