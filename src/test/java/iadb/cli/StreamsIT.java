package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.ChildRun;
import iadb.sample.TrainedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Standard streams, terminal and locale of the program, which need a process of their own. */
class StreamsIT {
    private static final String SAMPLE = "run sample --model m.safetensors --steps 2 -o p.csv";

    @TempDir
    private Path folder;

    @BeforeEach
    void needsLinux() {
        assumeTrue(Files.exists(Path.of("/dev/full")), "only Linux has a device that is always full");
    }

    private ChildRun shell(String script) throws IOException, InterruptedException {
        return Jar.shell(folder, "export options=-Diadb.cl.trustAnswers=true\n" + script);
    }

    @Test
    void lostResultsAreAFailure() throws Exception {
        ChildRun devices = shell("run devices > /dev/full");
        assertEquals(List.of("the standard output cannot be written: results are lost"), devices.messages());
        assertEquals(1, devices.code());
        ChildRun help = shell("run sample --help > /dev/full");
        assertEquals(List.of("the standard output cannot be written: results are lost"), help.messages());
        assertEquals(1, help.code());
    }

    @Test
    void aClosedPipeIsNoFailure() throws Exception {
        ChildRun run = shell("mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; run --list-densities >&4");
        assertEquals(List.of(), run.messages(), "nobody reads");
        assertEquals(0, run.code());
    }

    @Test
    void charactersOutsideTheLocaleAreRefusedInFileNames() throws Exception {
        for (String option : List.of("--p1", "--out")) {
            ChildRun run = shell("LC_ALL=C run " + option + " b\u00FCro.png");
            assertEquals(2, run.code(), run.err());
            assertEquals(List.of(option + ": such characters need a UTF-8 locale, such as LC_ALL=C.UTF-8"), run.messages());
        }
    }

    @Test
    void onlyACapableTerminalGetsEscapeCodes() throws Exception {
        TrainedNetwork.write(folder.resolve("m.safetensors"));
        assertTrue(shell("TERM=xterm script -qec '" + SAMPLE + "' /dev/null").out().contains("\u001b["), "a bar");
        ChildRun dumb = shell("TERM=dumb script -qec '" + SAMPLE + "; run devices --help' /dev/null");
        assertFalse(dumb.out().replace("\r\n", "\n").matches("(?s).*[\u001b\r].*"), dumb.out());
        assertTrue(dumb.out().contains("p.csv: 2,048 points") && dumb.out().contains("Usage: iadb-cl devices"), dumb.out());
        shell("TERM=xterm script -qec '" + SAMPLE + " 2> log' /dev/null");
        assertFalse(Files.readString(folder.resolve("log")).matches("(?s).*[\u001b\r].*"), "a log");
    }
}
