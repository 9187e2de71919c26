package iadb.profile;

import iadb.cl.Device;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Another program that does the same training, or one for the same end: one of this repository's {@code tools/peers}.
 *
 * @param family   what a chart shows as one curve
 * @param variant  what distinguishes it within the family
 * @param script   its file name
 * @param options  its additional options
 * @param threads  the number of threads it may use
 * @param preset   whose iterations, data, learning rate and average of the weights it takes
 * @param part     by which the preset's iterations are divided
 * @param features whether it takes the preset's encoding too
 */
record Peer(String family, String variant, String script, List<String> options, int threads, Preset preset, int part,
        boolean features) {
    private static final Duration LIMIT = Duration.ofMinutes(20);
    private static final int CANNOT_RUN = 3;
    /** The Python with the system's packages, which the first Python on the path may lack. */
    private static final String SYSTEM_PYTHON = "/usr/bin/python3";
    private static final String PYTORCH = "pytorch.py";
    private static final String INDEPENDENT = "independent"; // coupling

    /** The part read here of what a peer prints as JSON; {@code reason} is set here if it could not run. */
    record Report(String reason, String framework, String device, Integer threads, double microsecondsPerStep,
            Double compileSeconds, List<Checkpoint> checkpoints) {
    }

    /** A step of a peer's training, and the file of the points [N, 2] that it mapped then. */
    record Checkpoint(int iteration, double seconds, String points) { }

    /** Those that train as the tutorial does; on a CPU with one thread and with as many as there are compute units. */
    static List<Peer> ofTutorial(Device device) {
        List<Peer> all = new ArrayList<>();
        int most = device.type() == Device.Type.CPU ? device.computeUnits() : 1;
        for (int threads : most == 1 ? new int[] {1} : new int[] {1, most}) {
            all.add(tutorial("PyTorch eager", PYTORCH, threads, "--mode", "eager"));
            all.add(tutorial("PyTorch best", PYTORCH, threads, "--mode", "best"));
            all.add(tutorial("DJL (Java, PyTorch engine)", "djl/run", threads));
        }
        all.add(tutorial("PyTorch compile", PYTORCH, most, "--mode", "compile"));
        all.add(tutorial("PyTorch CUDA graphs", PYTORCH, most, "--mode", "graphs"));
        all.add(tutorial("JAX scan", "jax_scan.py", most));
        return all;
    }

    private static Peer tutorial(String family, String script, int threads, String... options) {
        String variant = threads + (threads > 1 ? " threads" : " thread");
        return new Peer(family, variant, script, List.of(options), threads, Preset.TUTORIAL, 1, false);
    }

    /**
     * PyTorch with the settings of the presets, with and without their encoding, and with pairs by optimal transport within some
     * rows. Pairs of each batch and pairs of 1,024 rows take too long for both presets. The former are better with the learning
     * rate of sharp than with that of quick, after equally many iterations.
     */
    static List<Peer> ofPresets(int threads) {
        List<Peer> all = new ArrayList<>();
        for (boolean features : new boolean[] {true, false}) {
            all.add(preset("OT in each batch, an eighth of sharp", threads, Preset.SHARP, 8, features, "ot", 256));
            all.add(preset("OT once in 256 rows, quick", threads, Preset.QUICK, 1, features, "ot-once", 256));
            all.add(preset("OT once in 256 rows, sharp", threads, Preset.SHARP, 1, features, "ot-once", 256));
            all.add(preset("OT once in 1024 rows, sharp", threads, Preset.SHARP, 1, features, "ot-once", 1024));
        }
        all.add(preset("independent, sharp", threads, Preset.SHARP, 1, true, INDEPENDENT, 1));
        return all;
    }

    private static Peer preset(String variant, int threads, Preset preset, int part, boolean features, String coupling, int rows) {
        List<String> options = List.of("--mode", "best", "--coupling", coupling, "--coupling-rows", Integer.toString(rows));
        String family = "PyTorch as the presets" + (features ? "" : ", no features");
        return new Peer(family, variant, PYTORCH, options, threads, preset, part, features);
    }

    /** T, steps of the map: pairs that are independent need as many as the tutorial. */
    int steps() { return options.contains(INDEPENDENT) ? Preset.TUTORIAL.steps() : preset.steps(); }

    /** Whether it is the fastest way of PyTorch. */
    boolean isBest() { return options.contains("best"); }

    String name() { return family + ", " + variant; }

    /**
     * Runs it on the data in {@code folder}, where it writes its mapped points.
     *
     * @param training    the preset's settings, or fewer iterations
     * @param checkpoints the iterations after which it maps; the last ends the training
     */
    Report run(Path peers, Path folder, TrainingSettings training, List<Integer> checkpoints) {
        Path file = peers.resolve(script);
        if (!Files.exists(file)) {
            return absent(script + " is missing in " + peers);
        }
        List<String> command = new ArrayList<>(List.of(file.toString(), "--p0", folder.resolve("p0.npy").toString(),
                "--p1", folder.resolve("p1.npy").toString(), "--start", folder.resolve("start.npy").toString(),
                "--iterations", checkpoints.get(checkpoints.size() - 1).toString(), "--batch", Integer.toString(training.batch()),
                "--lr", Float.toString(training.learningRate()), "--seed", Long.toString(training.seed()),
                "--steps", Integer.toString(steps()),
                "--checkpoints", String.join(",", checkpoints.stream().map(Object::toString).toList()),
                "--threads", Integer.toString(threads), "--out", folder.toString()));
        command.addAll(options);
        if (preset != Preset.TUTORIAL) {
            command.addAll(List.of("--data", Integer.toString(training.data())));
        }
        if (training.cosine()) {
            command.add("--cosine");
        }
        if (training.ema() > 0) {
            command.addAll(List.of("--ema", Double.toString(training.ema())));
        }
        if (features) {
            command.addAll(List.of("--encoding", Integer.toString(training.shape().features()),
                    "--deviation", Double.toString(training.encodingDeviation())));
        }
        ChildProcess child = ChildProcess.run(command, Map.of(), LIMIT);
        if (child.code() == CANNOT_RUN && script.endsWith(".py") && Files.isExecutable(Path.of(SYSTEM_PYTHON))) {
            child = ChildProcess.run(Stream.concat(Stream.of(SYSTEM_PYTHON), command.stream()).toList(), Map.of(), LIMIT);
        }
        if (child.code() != 0) {
            String reason = child.lastError().replaceFirst("^cannot run here: ", "");
            return absent(child.code() == CANNOT_RUN ? reason : "failed: " + reason);
        }
        return ResultFile.JSON.fromJson(child.out(), Report.class);
    }

    private static Report absent(String reason) { return new Report(reason, null, null, null, 0, null, null); }
}
