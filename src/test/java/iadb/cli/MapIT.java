package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.ChildRun;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Densities;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.density.NamedDensities;
import iadb.file.NpyReader;
import iadb.file.NpyWriter;
import iadb.model.Model;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.KnownFields;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import iadb.sample.TrainedNetwork;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipFile;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that use a trained map or resume a training, through files. */
class MapIT {
    private static final String[] SMALL = {"train", "--p1", "ring", "--data", "999", "--batch", "33"};

    @TempDir
    private Path folder;

    @BeforeEach
    void writeAModel() throws IOException {
        TrainedNetwork.write(folder.resolve("m.safetensors"));
    }

    private ChildRun run(String... arguments) {
        return Commands.run(folder, arguments).well();
    }

    private float[] npy(String name) throws IOException {
        return NpyReader.readArray(folder.resolve(name));
    }

    private byte[] bytes(String name) throws IOException {
        return Files.readAllBytes(folder.resolve(name));
    }

    @Test
    void mapAndInverseAgreeOnTheDensityThroughFiles() throws Exception {
        ChildRun run = run("sample", "--model", "./m.safetensors", "--points", "3000", "--steps", "16", "--log-density", "-o", "./there.npy");
        assertEquals(folder.resolve("there.npy") + ": 3,000 points with log density, 16 Euler steps\n", run.out());
        run("sample", "--model", "./m.safetensors", "--points", "3000", "--steps", "16", "-o", "./plain.csv");
        float[] rows = npy("there.npy");
        assertEquals(9000, rows.length);
        List<String> lines = Files.readAllLines(folder.resolve("plain.csv"));
        for (int n = 0; n < 3000; n++) {
            assertEquals(rows[3 * n] + "," + rows[3 * n + 1], lines.get(n + 1), "the same points with and without density");
        }
        run("sample", "--model", "./m.safetensors", "--at", "./plain.csv", "--steps", "16", "-o", "./at.npy");
        float[] at = npy("at.npy");
        double apart = 0;
        for (int n = 0; n < 3000; n++) {
            assertEquals(rows[3 * n], at[3 * n]);
            apart += Math.abs(rows[3 * n + 2] - at[3 * n + 2]) / 3000;
        }
        assertTrue(apart < 1e-3, "mean difference of log q, by mapping and by inverting: " + apart);
        run("sample", "--model", "./m.safetensors", "--from", "./there.npy", "--steps", "64", "--solver", "rk4", "--reverse", "-o", "./back.npy");
        assertEquals(6000, npy("back.npy").length);
    }

    @Test
    void morePointsBeginWithTheSameOnesAndOtherSeedsAndSequencesDiffer() throws Exception {
        run("sample", "--model", "./m.safetensors", "--points", "300000", "--steps", "1", "-o", "./a.npy", "--quiet");
        run("sample", "--model", "./m.safetensors", "--points", "270000", "--steps", "1", "-o", "./b.npy");
        assertArrayEquals(Arrays.copyOf(npy("a.npy"), 540_000), npy("b.npy"), "more points begin with the same ones");
        run("sample", "--model", "./m.safetensors", "--points", "1000", "--steps", "1", "--seed", "1", "-o", "./c.npy");
        run("sample", "--model", "./m.safetensors", "--points", "1000", "--steps", "1", "--sequence", "sobol", "-o", "./d.npy");
        assertFalse(Arrays.equals(Arrays.copyOf(npy("a.npy"), 2000), npy("c.npy")));
        assertFalse(Arrays.equals(Arrays.copyOf(npy("a.npy"), 2000), npy("d.npy")));
    }

    @Test
    void aTrajectoryHoldsEveryStep() throws Exception {
        run("sample", "--model", "./m.safetensors", "--points", "270000", "--steps", "3", "--trajectory", "-o", "./t.npy");
        assertTrue(new String(bytes("t.npy"), 0, 128, java.nio.charset.StandardCharsets.ISO_8859_1).contains("'shape': (4, 270000, 2)"));
        float[] all = npy("t.npy");
        run("sample", "--model", "./m.safetensors", "--points", "270000", "--steps", "3", "-o", "./end.npy");
        assertArrayEquals(npy("end.npy"), Arrays.copyOfRange(all, 3 * 540_000, 4 * 540_000));
        try (Context context = Context.open(Device.select("auto"));
                PushForward map = new PushForward(context, TrainedNetwork.get(), Optional.empty(),
                        Integration.of(Solver.EULER, Schedule.LINEAR, 3, false), share -> true)) {
            map.follow(Arrays.copyOf(all, 540_000), false, (step, first, points, none) -> assertArrayEquals(points,
                    Arrays.copyOfRange(all, step * 540_000 + 2 * first, step * 540_000 + 2 * first + points.length), "step " + step));
        }
        run("sample", "--model", "./m.safetensors", "--points", "50", "--steps", "3", "--trajectory", "--log-density", "-o", "./d.npy");
        float[] withDensity = npy("d.npy");
        assertEquals(4 * 50 * 3, withDensity.length);
        for (int n = 0; n < 50; n++) {
            assertEquals(all[2 * n], withDensity[3 * n]);
            assertEquals((float) TrainedNetwork.P0.logDensityAt(all[2 * n], all[2 * n + 1]), withDensity[3 * n + 2], "p0 at the start");
        }
    }

    @Test
    void picturesKeepTheAspectOfTheDensityThatPointsGoTo() throws Exception {
        short[] weights = new short[40 * 20];
        Arrays.fill(weights, (short) 9);
        Files.write(folder.resolve("wide.png"), ImageFile.toPng(ImageDensity.of("wide", 40, 20, weights)));
        run("sample", "--model", "./m.safetensors", "--p1", "./wide.png", "-o", "./w.png", "--steps", "4");
        assertEquals(512, ImageIO.read(folder.resolve("w.png").toFile()).getHeight());
        run("sample", "--model", "./m.safetensors", "--p1", "./wide.png", "-o", "./w.svg", "--steps", "4");
        assertTrue(Files.readString(folder.resolve("w.svg")).contains("viewBox=\"0 0 1000 500\""));
        run("sample", "--model", "./m.safetensors", "--p1", "./wide.png", "-o", "./s.ply", "--reverse", "--steps", "4");
    }

    @Test
    void pointsThatCannotBeInvertedAreMarkedAndCounted() throws Exception {
        Density uniform = NamedDensities.find("uniform").orElseThrow();
        Model.write(folder.resolve("fold.safetensors"),
                new Model(KnownFields.fold(), Optional.of(uniform), Optional.of(uniform), Map.of()));
        Files.writeString(folder.resolve("at.csv"), "x,y\n0.75,0.5\n0.25,0.5\n0.9,0.1\n");
        ChildRun run = run("sample", "--model", "./fold.safetensors", "--at", "./at.csv", "--steps", "1", "-o", "./d.csv");
        List<String> lines = Files.readAllLines(folder.resolve("d.csv"));
        assertEquals("x,y,log_density", lines.get(0));
        assertEquals("0.75,0.5,NaN", lines.get(1));
        assertTrue(lines.get(2).startsWith("0.25,0.5,") && !lines.get(2).endsWith("NaN"));
        assertTrue(run.err().contains("2 of 3 points could not be inverted"), run.err());
    }

    @Test
    void evaluateShowsTheNoiseFloorWithItsFigures() throws Exception {
        ChildRun table = run("evaluate", "--model", "./m.safetensors", "--count", "3000", "--steps", "16", "-o", "./r.png");
        for (String row : List.of("sliced Wasserstein-1", "energy distance", "off support", "mean log density", "not invertible",
                "no density there", "Wasserstein-2", "total variation", "KL divergence", "length / chord", "straightness",
                "normalized path energy", "exact samples")) {
            assertTrue(table.out().contains(row), table.out());
        }
        assertTrue(table.out().lines().allMatch(line -> line.length() <= 80), table.out());
        assertTrue(ImageIO.read(folder.resolve("r.png").toFile()).getWidth() > 1200);
        JsonObject json = JsonParser.parseString(run("evaluate", "--model", "./m.safetensors", "--count", "3000", "--steps", "16",
                "--json").out()).getAsJsonObject();
        JsonObject points = json.getAsJsonObject("points");
        JsonObject exact = json.getAsJsonObject("exact");
        for (String figure : List.of("sliced_wasserstein_1", "energy_distance", "off_support", "wasserstein_2", "total_variation", "kl",
                "path_length_ratio", "straightness")) {
            assertTrue(points.get(figure).getAsDouble() > exact.get(figure).getAsDouble(), figure + " of " + json);
        }
        assertTrue(points.get("mean_log_density").getAsDouble() < exact.get("mean_log_density").getAsDouble());
        assertEquals(3000, json.get("log_density_points").getAsInt());
        assertEquals(2048, json.get("exact_points").getAsInt());
        assertTrue(points.get("wasserstein_2_gap").getAsDouble() < 1e-3 && points.get("normalized_path_energy").getAsDouble() >= 0);
        JsonObject bySteps = json.getAsJsonObject("by_steps");
        assertEquals(List.of("1", "2", "4", "8", "16", "128"), List.copyOf(bySteps.keySet()));
        for (String figure : List.of("sliced_wasserstein_1", "wasserstein_2", "total_variation", "off_support")) {
            assertEquals(points.get(figure), bySteps.getAsJsonObject("16").get(figure), figure);
            assertEquals(json.getAsJsonObject("exact").get(figure), json.getAsJsonObject("by_steps_exact").get(figure), figure);
        }

        run("sample", "--model", "./m.safetensors", "--points", "3000", "--steps", "16", "-o", "./p.csv");
        JsonObject ofFile = JsonParser.parseString(run("evaluate", "--from", "./p.csv", "--p1", "ring", "--json", "-o", "./f.png").out())
                .getAsJsonObject();
        assertEquals(points.get("sliced_wasserstein_1"), ofFile.getAsJsonObject("points").get("sliced_wasserstein_1"),
                "the same points judged from a file");
        for (String ofMap : List.of("mean_log_density", "kl", "path_length_ratio", "straightness", "normalized_path_energy")) {
            assertFalse(ofFile.getAsJsonObject("points").has(ofMap), ofMap);
        }
        assertFalse(ofFile.has("by_steps"));
        assertEquals(points.get("wasserstein_2"), ofFile.getAsJsonObject("points").get("wasserstein_2"));
        assertTrue(ImageIO.read(folder.resolve("f.png").toFile()).getWidth() > 800);
    }

    @Test
    void aFinishedTrainingCanBeContinued() throws Exception {
        run(Jar.with(SMALL, "--iterations", "3000", "--out", "./long"));
        run(Jar.with(SMALL, "--iterations", "1000", "--checkpoint-every", "400", "--out", "./short"));
        run("train", "--resume", "./short/checkpoint.safetensors", "--iterations", "3000", "--out", "./further");
        float[] expected = Model.read(folder.resolve("long/model.safetensors")).network().parameters();
        assertArrayEquals(expected, Model.read(folder.resolve("further/model.safetensors")).network().parameters());
        run("sample", "--model", "./further/checkpoint.safetensors", "--steps", "2", "-o", "./p.npy");
    }

    @Test
    void theInverseTakesPointsBackToWhereTheyStarted() throws Exception {
        run("sample", "--model", "./m.safetensors", "--points", "2000", "--steps", "16", "--trajectory", "-o", "./t.npy");
        float[] all = npy("t.npy");
        float[] starts = Arrays.copyOf(all, 4000);
        float[] ends = Arrays.copyOfRange(all, 16 * 4000, 17 * 4000);
        NpyWriter.writeArray(folder.resolve("ends.npy"), ends, 2000, 2);
        ChildRun run = run("sample", "--model", "./m.safetensors", "--from", "./ends.npy", "--inverse", "--steps", "16", "-o", "./back.npy");
        assertTrue(run.out().contains("2,000 points mapped back, by inverting 16 Euler steps"), run.out());
        float[] back = npy("back.npy");
        for (int c = 0; c < 4000; c++) {
            assertEquals(starts[c], back[c], 1e-5);
        }
    }

    @Test
    void manyPointsStreamThroughLittleMemory() throws Exception {
        Jar.run(folder, Map.of(), List.of("-Xmx48m"), "sample", "--model", "m.safetensors", "--points", "5000000", "--steps", "1", "-o",
                "many.npy").well();
        assertEquals(128 + 8L * 5_000_000, Files.size(folder.resolve("many.npy")), "40 MB, and 40 MB of starts before them");
    }

    @Test
    void aPictureThatIsNotTheModelsIsReported() throws Exception {
        Density large = Densities.noise(1600);
        Model.write(folder.resolve("large.safetensors"),
                new Model(TrainedNetwork.get(), Optional.of(large), Optional.of(TrainedNetwork.P1), Map.of()));
        Files.write(folder.resolve("large.png"), ImageFile.toPng(large.image()));
        Files.write(folder.resolve("other.png"), ImageFile.toPng(Densities.noise(50)));
        ChildRun same = run("sample", "--model", "./large.safetensors", "--p0", "./large.png", "--steps", "2", "-o", "./p.npy");
        assertFalse(same.err().contains("is not the picture"), same.err());
        ChildRun other = run("sample", "--model", "./large.safetensors", "--p0", "./other.png", "--steps", "2", "-o", "./p.npy");
        assertTrue(other.err().contains("other.png is not the picture"), other.err());
    }

    @Test
    void theAverageOfTheWeightsIsWhatIsSavedAndMapped() throws Exception {
        String[] tutorial = {"--iterations", "400", "--data", "999", "--batch", "33", "--points", "50", "--steps", "3", "--no-frames"};
        run(Jar.with(tutorial, "--out", "./plain"));
        run(Jar.with(tutorial, "--ema", "0.9", "--out", "./averaged"));
        assertFalse(Arrays.equals(npy("plain/points.npy"), npy("averaged/points.npy")));
        run("sample", "--model", "./averaged/model.safetensors", "--points", "50", "--steps", "3", "-o", "./p.npy");
        assertArrayEquals(npy("averaged/points.npy"), npy("p.npy"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"iadb.jar", "iadb.library"})
    void bothJarsAreTheModuleIadb(String which) throws IOException {
        Path jar = Path.of(System.getProperty(which));
        assertTrue(ModuleFinder.of(jar).find("iadb").isPresent());
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            assertTrue(zip.getEntry("iadb/LearnedMap.class") != null && zip.getEntry("cl/density.cl") != null);
            assertEquals(which.equals("iadb.jar"), zip.getEntry("picocli/CommandLine.class") != null,
                    "the library contains no dependency");
        }
    }
}
