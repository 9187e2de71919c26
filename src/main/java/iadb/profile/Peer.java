package iadb.profile;

import iadb.cl.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Another program that does the same training: one of this repository's {@code tools/peers}.
 *
 * @param name    for people
 * @param script  in the folder of the programs
 * @param options of its own
 * @param threads it may use
 */
record Peer(String name, String script, List<String> options, int threads) {
    private static final Duration LIMIT = Duration.ofMinutes(20);
    private static final int CANNOT_RUN = 3;
    /** Where a distribution's packages are, which the first Python on the path may not have. */
    private static final Path SYSTEM_PYTHON = Path.of("/usr/bin/python3");

    /** What a peer prints; the names are those of its JSON. */
    record Report(String peer, String framework, String device, int threads, double microsecondsPerStep, Double compileSeconds,
            Double mapPointStepsPerSecond, List<Checkpoint> checkpoints) {
    }

    /** A moment of a peer's training, and the file of the points that it mapped then, [N, 2]. */
    record Checkpoint(int iteration, double seconds, String points) {
    }

    /** A peer cannot run here; the message says why. */
    static final class AbsentException extends Exception {
        private static final long serialVersionUID = 1L;

        AbsentException(String reason) {
            super(reason);
        }
    }

    /** All of them; on a CPU with one thread and with as many as it has compute units. */
    static List<Peer> all(Device device) {
        List<Peer> all = new ArrayList<>();
        boolean isCpu = device.type() == Device.Type.CPU;
        for (int threads : isCpu && device.computeUnits() > 1 ? new int[] {1, device.computeUnits()} : new int[] {1}) {
            String suffix = isCpu ? ", %s thread%s".formatted(threads, threads > 1 ? "s" : "") : "";
            all.add(new Peer("PyTorch eager" + suffix, "pytorch.py", List.of("--mode", "eager"), threads));
            all.add(new Peer("PyTorch best" + suffix, "pytorch.py", List.of("--mode", "best"), threads));
        }
        int threads = isCpu ? device.computeUnits() : 1;
        all.add(new Peer("PyTorch compile", "pytorch.py", List.of("--mode", "compile"), threads));
        all.add(new Peer("PyTorch CUDA graphs", "pytorch.py", List.of("--mode", "graphs"), threads));
        all.add(new Peer("JAX scan", "jax_scan.py", List.of(), threads));
        all.add(new Peer("DJL (Java, PyTorch engine)", "djl/run", List.of(), threads));
        return all;
    }

    /**
     * Runs it on the data in {@code folder}, where it writes its points too.
     *
     * @param peers       the folder of the programs
     * @param seed        of its training
     * @param checkpoints iterations, the last of which ends the training
     */
    Report run(Path peers, Path folder, Settings settings, int seed, List<Integer> checkpoints) throws AbsentException {
        Path file = peers.resolve(script);
        if (!Files.exists(file)) {
            throw new AbsentException("there is no " + script + " in " + peers);
        }
        List<String> arguments = new ArrayList<>(List.of("--p0", folder.resolve("p0.npy").toString(), "--p1",
                folder.resolve("p1.npy").toString(), "--start", folder.resolve("start.npy").toString(), "--iterations",
                checkpoints.get(checkpoints.size() - 1).toString(), "--batch", Integer.toString(settings.batch()), "--lr", "0.001",
                "--seed", Integer.toString(seed), "--steps", Integer.toString(settings.mapSteps()), "--checkpoints",
                String.join(",", checkpoints.stream().map(Object::toString).toList()), "--threads", Integer.toString(threads),
                "--out", folder.toString()));
        arguments.addAll(options);
        ChildProcess child = run(List.of(file.toString()), arguments);
        if (child.code() == CANNOT_RUN && script.endsWith(".py") && Files.isExecutable(SYSTEM_PYTHON)) {
            child = run(List.of(SYSTEM_PYTHON.toString(), file.toString()), arguments);
        }
        if (child.code() != 0) {
            String reason = child.lastError().replaceFirst("^cannot run here: ", "");
            throw new AbsentException(child.code() == CANNOT_RUN ? reason : "failed: " + reason);
        }
        return ResultFile.JSON.fromJson(child.out(), Report.class);
    }

    private static ChildProcess run(List<String> program, List<String> arguments) {
        return ChildProcess.run(Stream.concat(program.stream(), arguments.stream()).toList(), Map.of(), LIMIT);
    }
}
