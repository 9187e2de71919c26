package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.ChildRun;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command batch. */
class BatchTest {
    private static final String HEADER = "name,p0,p1,width,depth,data,batch,iterations,seed,coupling,ema,lr\n";

    @TempDir
    private Path folder;

    private ChildRun run(String table, String... options) throws IOException { return run(500, table, options); }

    private ChildRun run(int count, String table, String... options) throws IOException {
        Files.writeString(folder.resolve("jobs.csv"), table);
        return Commands.run(folder, Jar.with(new String[] {"batch", "./jobs.csv", "--out", "./out", "--count=" + count}, options));
    }

    private static String row(String name, String p1, int width, int iterations, String coupling, String ema) {
        return "%s,\"gaussian\",%s,%s,2,400,33,%s,5,%s,%s,\n".formatted(name, p1, width, iterations, coupling, ema);
    }

    private byte[] model(String name) throws IOException {
        return Files.readAllBytes(folder.resolve("out").resolve(name).resolve("model.safetensors"));
    }

    private List<String> summary() throws IOException { return Files.readAllLines(folder.resolve("out/summary.csv")); }

    private static List<String> messages(ChildRun run) { return run.messages().stream().filter(line -> line.contains("jobs.csv")).toList(); }

    @Test
    void everyRowBecomesTheModelThatTrainWrites() throws IOException {
        String table = "\uFEFF" + HEADER + row("plain", "ring", 32, 20, "", "") + "\n" + row("average", "moons", 32, 17, "", "0.9") + ",,,\n"
                + row("pairs", "ring", 32, 20, "ot", "") + row("narrow", "\"ring\"", 16, 20, "independent", "0");
        ChildRun run = run(table.replace("\n", "\r\n"), "--pictures");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().endsWith("summary.csv: 4 trained\n"), run.out());
        for (String name : List.of("average", "pairs", "narrow")) {
            Commands.run(folder, "train", "--p1", name.equals("average") ? "moons" : "ring",
                    "--width", name.equals("narrow") ? "16" : "32", "--depth", "2", "--data", "400", "--batch", "33",
                    "--iterations", name.equals("average") ? "17" : "20", "--seed", "5", "--coupling", name.equals("pairs") ? "ot" : "independent",
                    "--ema", name.equals("average") ? "0.9" : "0", "--out", "./alone").well();
            for (String file : List.of("model.safetensors", "loss.csv", "loss.png")) {
                assertArrayEquals(Files.readAllBytes(folder.resolve("alone").resolve(file)),
                        Files.readAllBytes(folder.resolve("out").resolve(name).resolve(file)), name + "/" + file);
            }
        }
        assertTrue(Files.exists(folder.resolve("out/pairs/points.png")));
        assertEquals(List.of("name", "plain", "average", "pairs", "narrow"), summary().stream().map(line -> line.split(",")[0]).toList());

        String evaluated = Commands.run(folder, "evaluate", "--model", "./out/plain/model.safetensors", "--count", "500", "--exact", "9", "--json")
                .well().out();
        String[] cells = summary().get(1).split(",");
        String distance = evaluated.replaceFirst("(?s).*?\"sliced_wasserstein_1\":([0-9.]+).*", "$1");
        assertEquals(Double.parseDouble(distance), Double.parseDouble(cells[HEADER.split(",").length + 1]), 1e-6, "that of evaluate");
    }

    @Test
    void whatIsDoneIsSkippedUnlessItsRowHasChanged() throws IOException {
        String table = HEADER + row("a", "ring", 16, 9, "", "") + row("b", "ring", 16, 9, "", "") + row("c", "ring", 16, 9, "", "");
        assertEquals(0, run(table).code());
        FileTime old = FileTime.fromMillis(1_000_000_000_000L);
        for (String name : List.of("a", "b", "c")) {
            Files.setLastModifiedTime(folder.resolve("out").resolve(name).resolve("model.safetensors"), old);
        }
        List<String> before = summary();
        assertTrue(run(table).out().endsWith("0 trained, 3 done before\n"));
        assertEquals(before, summary());

        Files.writeString(folder.resolve("out/c/model.safetensors"), "not a model");
        Files.delete(folder.resolve("out/summary.csv"));
        ChildRun run = run(table.replace("b,\"gaussian\",ring", "b,\"gaussian\",moons"));
        assertTrue(run.out().endsWith("2 trained, 1 done before\n"), run.out());
        assertEquals(old, Files.getLastModifiedTime(folder.resolve("out/a/model.safetensors")));
        assertTrue(new String(model("b")).contains("\"moons\"") && new String(model("c")).contains("__metadata__"));
        assertEquals(figures(before.get(1)), figures(summary().get(1)), "the figures of a model whose line is lost are computed again");
    }

    @Test
    void aTrainedMapIsKeptThoughItsEvaluationFails() throws IOException {
        String table = HEADER + row("a", "ring", 16, 9, "", "");
        Files.createDirectories(folder.resolve("out/a/points.png/in the way"));
        ChildRun failed = run(table, "--pictures");
        assertEquals(1, failed.code());
        assertTrue(messages(failed).get(0).contains("jobs.csv, line 2: cannot write"), failed.err());
        assertTrue(run(table).out().endsWith("0 trained, 1 done before\n"));
        assertEquals(2, summary().size());
    }

    @Test
    void otherCountsAndMissingPicturesAreMadeUpFor() throws IOException {
        String table = HEADER + row("a", "ring", 16, 9, "", "");
        run(table).well();
        String[] first = summary().get(1).split(",", -1);
        assertTrue(run(300, table, "--pictures").well().out().endsWith("0 trained, 1 done before\n"));
        String[] second = summary().get(1).split(",", -1);
        int own = HEADER.split(",").length;
        assertEquals(List.of("500", "300"), List.of(first[own + 8], second[own + 8]));
        assertFalse(first[own + 1].equals(second[own + 1]));
        assertEquals(List.of(first).subList(own + 5, own + 8), List.of(second).subList(own + 5, own + 8), "loss, seconds and device");
        byte[] points = Files.readAllBytes(folder.resolve("out/a/points.png"));
        byte[] loss = Files.readAllBytes(folder.resolve("out/a/loss.png"));
        Files.delete(folder.resolve("out/a/model.safetensors"));
        run(300, table, "--pictures").well();
        assertArrayEquals(points, Files.readAllBytes(folder.resolve("out/a/points.png")));
        assertArrayEquals(loss, Files.readAllBytes(folder.resolve("out/a/loss.png")));
    }

    @Test
    void theSummaryKeepsTheMapsOfOtherTables() throws IOException {
        run("name,p1,width,iterations,data\na,ring,16,9,99\n").well();
        String[] a = summary().get(1).split(",", -1);
        run("name,iterations,width,depth,p1,data,seed\nb,5,16,1,moons,99,3\na,9,16,,ring,99,\n").well();
        assertTrue(summary().get(0).startsWith("name,iterations,width,depth,p1,data,seed,steps,"));
        assertTrue(summary().get(2).startsWith("a,9,16,,ring,99,,") && summary().get(2).endsWith(a[11] + "," + a[12] + ",500"), "not made anew");
        assertTrue(run("name,p1,width,iterations,data\nc,ring,16,9,99\n").well().out().endsWith(": 1 trained\n"));
        assertEquals(List.of("name", "c", "b", "a"), summary().stream().map(line -> line.split(",")[0]).toList());
        assertTrue(summary().get(0).startsWith("name,p1,width,iterations,data,depth,seed,steps,"));
        assertTrue(summary().get(2).startsWith("b,moons,16,5,99,1,3,"));

        Files.writeString(folder.resolve("out/summary.csv"), "x,y\n1,2\n");
        ChildRun run = run("name,p1,width,iterations,data\nc,ring,16,9,99\n").well();
        assertTrue(run.err().contains("summary.csv was not written by 'batch'; its lines are dropped"), run.err());
        assertEquals(2, summary().size());
    }

    /** An image, also inverted, files of points, a preset and an encoding, in cells with quotes and line feeds. */
    @Test
    void cellsAreWhatTheOptionsOfTrainAre() throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
        image.setRGB(2, 3, 0xFFFFFF);
        ImageIO.write(image, "png", folder.resolve("a \"dot\".png").toFile());
        Files.writeString(folder.resolve("points,1.csv"), "x,y\n0.1,0.2\n0.5,0.9\n0.7,0.3\n");
        String dot = "\"" + folder.resolve("a \"\"dot\"\".png") + "\"";
        String points = "\"\n" + folder.resolve("points,1.csv") + "\n\"";
        ChildRun run = run("name,p1,invert,preset,encoding,width,depth,data,batch,iterations\n"
                + "light," + dot + ",false,quick,,16,1,99,16,7\n" + "dark," + dot + ",TRUE,quick,,16,1,99,16,7\n"
                + "points," + points + ",,,fourier:8,16,1,99,16,7\n" + "\"wrong\n\"," + dot + ",maybe,,,16,1,99,16,7\n");
        assertEquals(List.of("jobs.csv, line 7: --invert takes true or false, not 'maybe'"),
                messages(run).stream().map(line -> line.replaceFirst(".*(?=jobs.csv)", "")).toList());
        assertTrue(run.out().endsWith("3 trained, 1 failed\n"), run.out());
        Map<String, List<String>> options = Map.of("light", List.of("./a \"dot\".png", "--preset=quick"),
                "dark", List.of("./a \"dot\".png", "--preset=quick", "--invert"), "points", List.of("./points,1.csv", "--encoding=fourier:8"));
        for (Map.Entry<String, List<String>> map : options.entrySet()) {
            Commands.run(folder, Stream.concat(Stream.of("train", "--width=16", "--depth=1", "--data=99", "--batch=16", "--iterations=7",
                    "--out", "./alone", "--p1"), map.getValue().stream()).toArray(String[]::new)).well();
            assertArrayEquals(Files.readAllBytes(folder.resolve("alone/model.safetensors")), model(map.getKey()), map.getKey());
        }
    }

    private static String figures(String line) {
        return Stream.of(line.split(",")).skip(HEADER.split(",").length).limit(5).collect(Collectors.joining(","));
    }

    @Test
    void aWrongRowIsReportedWithItsLineAndTheOthersAreTrained() throws IOException {
        ChildRun run = run(HEADER + row("a", "ring", 16, 9, "", "") + row("b", "rign", 16, 9, "", "") + row("c", "ring", 17, 9, "", "")
                + "d,gaussian\n" + row("e", "ring", 16, 9, "paired", "") + "f,,ring,16,2,400,33,9,5,,,1e30\n" + row("a", "moons", 16, 9, "", "")
                + row("g", "ring", 16, 9, "", "soon") + row("h", "ring", 16, 9, "", ""));
        assertEquals(1, run.code());
        assertTrue(run.out().endsWith("2 trained, 7 failed\n"), run.out());
        List<String> lines = messages(run).stream().map(line -> line.replaceFirst(".*jobs.csv, ", "")).sorted().toList();
        assertEquals(7, lines.size(), run.err());
        assertTrue(lines.get(0).startsWith("line 3: no density is called 'rign': did you mean ring?"), lines.get(0));
        assertTrue(lines.get(1).startsWith("line 4: --width 17 is not a multiple of 16"), lines.get(1));
        assertEquals("line 5: 2 cells, but the header has 12", lines.get(2));
        assertTrue(lines.get(3).startsWith("line 6: gaussian has no rows to pair"), lines.get(3));
        assertTrue(lines.get(4).startsWith("line 7: the training diverged"), lines.get(4));
        assertEquals("line 8: the name 'a' is that of line 2, too: give each map its own", lines.get(5));
        assertTrue(lines.get(6).startsWith("line 9: --ema soon is not a decay"), lines.get(6));
        assertTrue(Files.exists(folder.resolve("out/h/model.safetensors")) && !Files.exists(folder.resolve("out/f/model.safetensors")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "../x", "a/b", "a\\b", "/x", ".hidden", "_temporary", "con", "Nul.txt", "LPT1", "summary.csv", "a:b", "x.",
        "what?", "漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢", "\u202E", "\u0000"})
    void aNameThatIsNoFoldersEverywhereIsRefused(String name) throws IOException {
        ChildRun run = run("name,width\n\"" + name + "\",16\n");
        assertEquals(1, run.code());
        assertTrue(messages(run).get(0).contains("jobs.csv, line 2: the name "), run.err());
        assertFalse(Files.exists(folder.resolve("x")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"'' is empty", "'p0,p1\n' has no column 'name'", "'name,sede\n' no option 'sede' for a column; did you mean seed?",
        "'name,out\n' no option 'out' for a column",
        "'name\n\na\nb,\"ring\nc,\"moons\"\n' jobs.csv: the quote that opens on line 4 is not closed",
        "'name\n\"a\n' jobs.csv: the quote that opens on line 2 is not closed", "'name\na\uFFFD\n' jobs.csv: line 2 is not text in UTF-8",
        "'name,p1,p1\n' has two columns 'p1'", "'name,verbose\n' no option 'verbose'"})
    void aWrongHeaderIsRefused(String what) throws IOException {
        String[] parts = what.split("'", 3);
        ChildRun run = run(parts[1]);
        assertEquals(2, run.code());
        assertTrue(run.err().contains(parts[2].strip()), run.err());
        assertFalse(Files.exists(folder.resolve("out/summary.csv")));
    }

    @Test
    void wrongOptionsAreRefused() throws IOException {
        assertEquals(2, Commands.run(folder, "batch", "./missing.csv").code());
        ChildRun none = run("name\na\n", "--at-once", "0");
        assertTrue(none.code() == 2 && none.err().contains("--at-once 0 is not a whole number"), none.err());
        ChildRun device = run("name\na\n", "--devices", "0,no such");
        assertTrue(device.code() == 2 && device.err().contains("no OpenCL device matches 'no such'"), device.err());
    }
}
