package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import iadb.Soak;
import iadb.model.Checkpoint;
import iadb.sample.TrainedNetwork;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar, killed at random moments. An earlier run's files lie where it writes, so that each file must afterwards be the old
 * one or the new one, to the byte.
 */
class KillsIT {
    private static final String CHECKPOINT = "checkpoint.safetensors";

    @TempDir
    private Path folder;

    /** A command that writes into the folder {@code out}, and what it writes there when it is not killed. */
    private final class Work {
        private final String command;
        private final Map<String, byte[]> before;
        private final Map<String, byte[]> after;
        private final long millis;

        Work(String command) throws IOException, InterruptedException {
            this.command = command;
            empty();
            String[] earlier = (command + " --seed 1").split(" ");
            if (Soak.isFull()) { // a window among them
                Jar.run(folder, Map.of(), earlier).well();
            } else {
                Commands.run(folder, earlier).well();
            }
            before = contents();
            empty();
            long start = System.nanoTime();
            Jar.run(folder, Map.of(), command.split(" ")).well();
            millis = (System.nanoTime() - start) / 1_000_000;
            after = contents();
        }

        private void empty() throws IOException {
            Path out = Files.createDirectories(folder.resolve("out"));
            for (String name : contents().keySet()) {
                Files.delete(out.resolve(name));
            }
        }

        void prepare() throws IOException {
            empty();
            for (Map.Entry<String, byte[]> file : before.entrySet()) {
                Files.write(folder.resolve("out").resolve(file.getKey()), file.getValue());
            }
        }
    }

    private Map<String, byte[]> contents() throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        try (Stream<Path> files = Files.list(folder.resolve("out"))) {
            for (Path file : files.toList()) {
                contents.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return contents;
    }

    private static boolean isUnfinished(String name) {
        return name.startsWith(".");
    }

    @Test
    void afterAKillEveryFileIsTheOldOrTheNewOneAndTheNextRunContinues() throws Exception {
        TrainedNetwork.write(folder.resolve("m.safetensors"));
        String small = "--p1 ring --data 999 --batch 33 --out ./out";
        String sample = "sample --model ./m.safetensors --points 300000 --steps 1 -o ./out/points.";
        List<String> commands = new ArrayList<>(List.of(
                "train --iterations 1500 --reflow 1 --checkpoint-every 20 --ema 0.99 --lr-schedule cosine " + small,
                "--iterations 300 --points 500 --steps 8 " + small, sample + "npy", sample + "csv"));
        if (Soak.isFull()) {
            commands.addAll(List.of(sample + "svg", sample + "ply", sample + "png",
                    "evaluate --model ./m.safetensors --count 3000 --steps 4 -o ./out/report.png",
                    "sample --model ./m.safetensors --points 100000 --steps 5 --trajectory -o ./out/trajectory.npy",
                    "--realtime --offscreen --seconds 8 --iterations 300 --points 500 --p1 ring --record ./out/show.gif"
                            + " --screenshot ./out/last.png --out ./out"));
        }
        List<Work> all = new ArrayList<>();
        for (String command : commands) {
            all.add(new Work(command));
        }
        Random random = new Random(6);
        int kills = 0;
        int whileWriting = 0;
        int wanted = Soak.times(12, 200);
        for (int round = 0; kills < wanted; round++) {
            assertTrue(round < 3 * wanted, "most runs are killed before they end");
            Work work = all.get(round % all.size());
            work.prepare();
            Process process = Jar.start(folder, Map.of(), List.of(), work.command.split(" "));
            boolean ended;
            try {
                if (round % 3 == 2) { // while it writes, which is a small part of its time
                    awaitUnfinished(process);
                    ended = process.waitFor(random.nextInt(3), TimeUnit.MILLISECONDS);
                } else {
                    ended = process.waitFor(1 + random.nextLong(work.millis), TimeUnit.MILLISECONDS);
                }
            } finally {
                process.destroyForcibly().waitFor();
            }
            kills += ended ? 0 : 1;
            boolean unfinished = contents().keySet().stream().anyMatch(KillsIT::isUnfinished);
            whileWriting += unfinished ? 1 : 0;
            requireOldOrNew(work, contents());
            if (Soak.isFull() || unfinished || round % 4 == 0) {
                resume(work);
            }
        }
        assertTrue(whileWriting > 0, "some kills came while a file was written");
        Soak.note("kills", kills);
        Soak.note("kills_while_a_file_was_written", whileWriting);
    }

    private void awaitUnfinished(Process process) throws IOException, InterruptedException {
        while (process.isAlive()) {
            try (Stream<Path> files = Files.list(folder.resolve("out"))) {
                if (files.anyMatch(file -> isUnfinished(file.getFileName().toString()))) {
                    return;
                }
            }
            Thread.sleep(1);
        }
    }

    /** Whether two runs write different bytes to the file, because it holds times or what the window showed. */
    private static boolean differsBetweenRuns(String name) {
        return Set.of("run.json", "show.gif", "last.png", CHECKPOINT).contains(name);
    }

    private void requireOldOrNew(Work work, Map<String, byte[]> now) throws IOException {
        assertTrue(now.keySet().containsAll(work.before.keySet()),
                () -> "files were lost: " + work.before.keySet() + ", now " + now.keySet());
        for (Map.Entry<String, byte[]> file : now.entrySet()) {
            String name = file.getKey();
            byte[] bytes = file.getValue();
            if (name.equals("run.json")) {
                JsonParser.parseString(new String(bytes)).getAsJsonObject();
            } else if (name.equals(CHECKPOINT)) {
                Checkpoint.read(folder.resolve("out").resolve(name));
            } else if (differsBetweenRuns(name)) {
                decode(bytes);
            } else if (!isUnfinished(name)) {
                assertTrue(Arrays.equals(bytes, work.before.get(name)) || Arrays.equals(bytes, work.after.get(name)),
                        name + " of: " + work.command);
            }
        }
    }

    /** All pictures of a file. */
    private static void decode(byte[] bytes) throws IOException {
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
            ImageReader reader = ImageIO.getImageReaders(in).next();
            reader.setInput(in);
            int count = reader.getNumImages(true);
            assertTrue(count > 0);
            for (int i = 0; i < count; i++) {
                reader.read(i);
            }
        }
    }

    /** Starts the next run without cleaning up; it must end with the files of a run that was not killed. */
    private void resume(Work work) throws IOException, InterruptedException {
        Path checkpoint = folder.resolve("out").resolve(CHECKPOINT);
        if (Files.exists(checkpoint)) {
            int step = Checkpoint.read(checkpoint).checkpoint().step();
            Files.copy(checkpoint, folder.resolve("c.safetensors"), StandardCopyOption.REPLACE_EXISTING);
            boolean old = Arrays.equals(Files.readAllBytes(checkpoint), work.before.get(CHECKPOINT));
            Jar.run(folder, Map.of(), "train", "--resume", "./out/" + CHECKPOINT).well();
            (old ? work.before : work.after).forEach((name, bytes) -> assertArrayEquals(bytes, read(name), name + " from step " + step));
        } else {
            Jar.run(folder, Map.of(), work.command.split(" ")).well();
            requireOldOrNew(work, contents());
            work.after.forEach((name, bytes) -> assertTrue(differsBetweenRuns(name) || Arrays.equals(bytes, read(name)), name));
        }
        assertTrue(contents().keySet().stream().noneMatch(KillsIT::isUnfinished), "the unfinished files are removed");
    }

    private byte[] read(String name) {
        try {
            return Files.readAllBytes(folder.resolve("out").resolve(name));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
