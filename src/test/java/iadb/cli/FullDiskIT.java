package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.ChildRun;
import iadb.model.Checkpoint;
import iadb.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar on a disk that is full or becomes read-only: a small tmpfs in a mount namespace of its own. The files on it at the
 * end are copied to the folder {@code kept}.
 */
class FullDiskIT {
    private static final String SMALL = "train --p1 ring --data 999 --batch 33 --iterations 20000 --out disk";

    @TempDir
    private Path folder;

    /** Runs a script in the folder that has {@code disk}, a disk of this size. */
    private ChildRun shell(String script, String size) throws IOException, InterruptedException {
        Files.createDirectories(folder.resolve("disk"));
        Files.createDirectories(folder.resolve("kept"));
        return Jar.shellThatMounts(folder, "mount -t tmpfs -o size=" + size + " tmpfs disk || exit 99\n" + script
                + "\ncode=$?\ncp -a disk/. kept/\nexit $code");
    }

    private static List<String> faults(ChildRun run) {
        return run.messages().stream().filter(line -> line.contains("cannot") || line.contains("failed")
                || line.contains("unexpected")).toList();
    }

    private void assertNothingUnfinished() throws IOException {
        try (var files = Files.list(folder.resolve("kept"))) {
            assertTrue(files.noneMatch(file -> file.getFileName().toString().startsWith(".")), "no temporary file");
        }
    }

    @Test
    void theModelIsSavedBeforePicturesThatDoNotFit() throws Exception {
        String tutorial = "--p1 ring --data 999 --batch 33 --iterations 300 --points 2000 --steps 40 --out ";
        Commands.run(folder, (tutorial + "./whole").split(" ")).well();
        ChildRun run = shell("run " + tutorial + "disk", "400k");
        assertEquals(1, run.code(), run.err());
        assertTrue(faults(run).stream().allMatch(line -> line.matches("cannot write disk/.*: No space left on device.*")), run.err());
        assertTrue(faults(run).get(0).matches(".*/(x_\\d+\\.png: .*; the points|animation\\.gif: .*; the other files) are still written"),
                run.err());
        assertTrue(Files.exists(folder.resolve("kept/points.npy")) || run.err().contains("cannot write disk/points.npy"), run.err());
        for (String name : List.of("model.safetensors", "loss.csv", "loss.png", "samples_p0.png", "samples_p1.png", "x_0.png")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("whole").resolve(name)),
                    Files.readAllBytes(folder.resolve("kept").resolve(name)), name);
        }
        for (int step = 0; step <= 40; step++) {
            Path picture = folder.resolve("kept/x_" + step + ".png");
            assertTrue(!Files.exists(picture) || ImageIO.read(picture.toFile()) != null, picture + " is whole");
        }
        assertFalse(Files.exists(folder.resolve("kept/animation.gif")));
        assertNothingUnfinished();
    }

    @Test
    void aFullDiskKeepsTheEarlierModel() throws Exception {
        Commands.run(folder, SMALL.replace("20000", "50").replace("disk", "./before").split(" ")).well();
        ChildRun run = shell("cp before/* disk\ncat /dev/zero > disk/filler\nrun " + SMALL.replace("20000", "50") + " --seed 1", "400k");
        assertEquals(1, run.code(), run.err());
        assertEquals(List.of("cannot write disk/model.safetensors: No space left on device"),
                faults(run).stream().filter(line -> !line.startsWith("cat")).toList());
        assertArrayEquals(Files.readAllBytes(folder.resolve("before/model.safetensors")),
                Files.readAllBytes(folder.resolve("kept/model.safetensors")));
        assertNothingUnfinished();
    }

    @Test
    void trainingContinuesWhileTheDiskIsFull() throws Exception {
        ChildRun run = shell("""
                run %s --checkpoint-every 500 & pid=$!
                until [ -e disk/checkpoint.safetensors ]; do sleep 0.01; done
                cat /dev/zero > disk/filler 2> /dev/null
                until grep -q 'cannot write' stderr || ! kill -0 $pid; do sleep 0.01; done
                rm disk/filler
                wait $pid""".formatted(SMALL), "900k");
        assertEquals(0, run.code(), run.err());
        assertEquals(List.of("cannot write disk/checkpoint.safetensors: No space left on device; the training continues, and tries"
                + " again"), faults(run));
        assertEquals(20_000, Checkpoint.read(folder.resolve("kept/checkpoint.safetensors")).checkpoint().step());
        Commands.run(folder, SMALL.replace("disk", "./whole").split(" ")).well();
        assertArrayEquals(Files.readAllBytes(folder.resolve("whole/model.safetensors")),
                Files.readAllBytes(folder.resolve("kept/model.safetensors")));
    }

    @Test
    void aCtrlCThatCannotSaveIsReportedAndFails() throws Exception {
        ChildRun run = shell("""
                env --default-signal=INT run %s --verbose & pid=$!
                until grep -q 'first loss' stderr || ! kill -0 $pid; do sleep 0.01; done
                cat /dev/zero > disk/filler 2> /dev/null
                kill -INT $pid
                wait $pid""".formatted(SMALL.replace("20000", "2000000")), "900k");
        assertEquals(1, run.code(), run.err());
        assertEquals("cannot write disk/model.safetensors: No space left on device", faults(run).get(faults(run).size() - 1));
        assertFalse(Files.exists(folder.resolve("kept/model.safetensors")));
        assertNothingUnfinished();
    }

    @Test
    void aFolderThatBecomesReadOnlyKeepsItsLastCheckpoint() throws Exception {
        ChildRun run = shell("""
                run %s --checkpoint-every 500 & pid=$!
                until [ -e disk/checkpoint.safetensors ]; do sleep 0.01; done
                until mount -o remount,ro disk 2> /dev/null; do :; done
                wait $pid""".formatted(SMALL), "900k");
        assertEquals(1, run.code(), run.err());
        assertEquals(List.of("cannot write disk/checkpoint.safetensors: Read-only file system; the training continues, and tries again",
                "cannot write disk/model.safetensors: Read-only file system"), faults(run));
        int step = Checkpoint.read(folder.resolve("kept/checkpoint.safetensors")).checkpoint().step();
        assertTrue(step >= 500 && step < 20_000, "step " + step);
        assertFalse(Files.exists(folder.resolve("kept/model.safetensors")));
        Commands.run(folder, "train", "--resume", "./kept/checkpoint.safetensors").well();
        Commands.run(folder, SMALL.replace("disk", "./whole").split(" ")).well();
        assertArrayEquals(Model.read(folder.resolve("whole/model.safetensors")).network().parameters(),
                Model.read(folder.resolve("kept/model.safetensors")).network().parameters());
    }
}
