package iadb.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.density.Densities;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.file.Safetensors;
import iadb.file.Safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint is read back unchanged and can be read as a model; wrong files are refused. */
class CheckpointTest {
    private static final NetworkShape SHAPE = new NetworkShape(16, 2);
    private static final Density RING = NamedDensities.find("ring").orElseThrow();

    @TempDir
    Path folder;

    private static Network network(long seed) {
        return Network.initial(SHAPE, seed);
    }

    /** Second moments are squares. */
    private static float[] squares(long seed) {
        float[] values = network(seed).parameters();
        for (int i = 0; i < values.length; i++) {
            values[i] *= values[i];
        }
        return values;
    }

    private static Checkpoint.Contents contents(boolean averages, Density p0) {
        Checkpoint checkpoint = new Checkpoint(network(1), network(2).parameters(), squares(3),
                averages ? Optional.of(network(4)) : Optional.empty(), 1234);
        return new Checkpoint.Contents(checkpoint, Optional.of(p0), Optional.of(RING), new float[] {3, 2, 1},
                Map.of("batch", "64", "total", "5000"), Optional.empty());
    }

    @Test
    void comesBackAsItWasAndTwiceWithTheSameBytes() throws IOException {
        for (boolean averages : new boolean[] {false, true}) {
            Checkpoint.Contents before = contents(averages, Densities.noise(20));
            Path file = folder.resolve("c.safetensors");
            Checkpoint.write(file, before);
            Checkpoint.Contents after = Checkpoint.read(file);
            assertArrayEquals(before.checkpoint().weights().parameters(), after.checkpoint().weights().parameters());
            assertArrayEquals(before.checkpoint().moment1(), after.checkpoint().moment1());
            assertArrayEquals(before.checkpoint().moment2(), after.checkpoint().moment2());
            assertEquals(averages, after.checkpoint().average().isPresent());
            assertEquals(1234, after.checkpoint().step());
            assertArrayEquals(new float[] {3, 2, 1}, after.losses());
            assertEquals(before.metadata(), after.metadata());
            assertArrayEquals(Densities.noise(20).weights(), after.p0().orElseThrow().image().weights());
            assertEquals("ring", after.p1().orElseThrow().name());
            Path again = folder.resolve("again.safetensors");
            Checkpoint.write(again, after);
            assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
        }
    }

    @Test
    void readsAsTheModelItHolds() throws IOException {
        Path file = folder.resolve("c.safetensors");
        Checkpoint.write(file, contents(false, RING));
        assertArrayEquals(network(1).parameters(), Model.read(file).network().parameters());
        Checkpoint.write(file, contents(true, RING));
        Model model = Model.read(file);
        assertArrayEquals(network(4).parameters(), model.network().parameters(), "the average, if there is one");
        assertEquals("ring", model.p0().orElseThrow().name());
    }

    @Test
    void aPictureTooLargeForTheFileMustBeTheSameAgain() throws IOException {
        Path file = folder.resolve("c.safetensors");
        Density large = Densities.noise(1600); // 5 MB as a PNG
        Checkpoint.write(file, contents(false, large));
        Checkpoint.Contents after = Checkpoint.read(file);
        assertTrue(after.p0().isEmpty());
        assertEquals(large, after.density(true, Optional.of(large), "c"));
        assertThrows(InvalidInputException.class, () -> after.density(true, Optional.of(Densities.noise(1599)), "c"));
        assertThrows(InvalidInputException.class, () -> after.density(true, Optional.empty(), "c"));
        assertEquals("ring", after.density(false, Optional.empty(), "c").name());
        assertThrows(InvalidInputException.class, () -> after.density(false, Optional.of(RING), "c"), "the file holds it");
    }

    /** A program that knows neither would continue with independent rows, or without the later rounds. */
    @Test
    void pairsHaveAFormatThatOlderProgramsRefuse() throws IOException {
        Path file = folder.resolve("c.safetensors");
        for (String key : List.of("coupling", "reflow", "seed")) {
            Checkpoint.Contents plain = contents(false, RING);
            Map<String, String> facts = new HashMap<>(plain.metadata());
            facts.put(key, "1");
            Checkpoint.write(file, new Checkpoint.Contents(plain.checkpoint(), plain.p0(), plain.p1(), plain.losses(), facts, Optional.empty()));
            assertEquals("iadb-cl-checkpoint-" + (key.equals("seed") ? 1 : 2), Safetensors.read(file).metadata().get("format"));
            assertEquals(facts, Checkpoint.read(file).metadata());
            assertArrayEquals(plain.checkpoint().weights().parameters(), Model.read(file).network().parameters());
        }
    }

    private interface Change {
        void of(List<Tensor> tensors, Map<String, String> metadata);
    }

    private void assertFault(String reason, Change change) throws IOException {
        Path good = folder.resolve("good.safetensors");
        Checkpoint.write(good, contents(true, RING));
        Safetensors.Contents whole = Safetensors.read(good);
        List<Tensor> tensors = new ArrayList<>(whole.tensors().values());
        Map<String, String> metadata = new HashMap<>(whole.metadata());
        change.of(tensors, metadata);
        Path file = folder.resolve("bad.safetensors");
        Safetensors.write(file, tensors, metadata);
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> Checkpoint.read(file));
        assertTrue(e.getMessage().contains(reason) && e.getMessage().contains("bad.safetensors"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void refusesWhatIsMissingOrWrong() throws IOException {
        assertFault("adam.m.", (tensors, metadata) -> tensors.removeIf(t -> t.name().startsWith("adam.m.")));
        assertFault("tensors", (tensors, metadata) -> tensors.removeIf(t -> t.name().equals("adam.v.linear2.bias")));
        assertFault("tensors", (tensors, metadata) -> tensors.removeIf(t -> t.name().equals("ema.output.bias")));
        assertFault("losses", (tensors, metadata) -> tensors.removeIf(t -> t.name().equals("losses")));
        assertFault("step", (tensors, metadata) -> metadata.remove("step"));
        assertFault("step", (tensors, metadata) -> metadata.put("step", "-1"));
        assertFault("step", (tensors, metadata) -> metadata.put("step", "9999999999"));
        assertFault("not a checkpoint", (tensors, metadata) -> metadata.remove("format"));
        assertFault("newer version", (tensors, metadata) -> metadata.put("format", "iadb-cl-checkpoint-3"));
        assertFault("newer version", (tensors, metadata) -> metadata.put("format", "iadb-cl-checkpoint-1x"));
        assertFault("second moment", (tensors, metadata) -> tensors.replaceAll(
                t -> t.name().equals("adam.v.output.bias") ? new Tensor(t.name(), t.shape(), new float[] {1, -1}) : t));
        assertFault("another network", (tensors, metadata) -> {
            tensors.removeIf(t -> t.name().startsWith("ema."));
            Network.initial(new NetworkShape(32, 2), 0).tensors().forEach(
                    t -> tensors.add(new Tensor("ema." + t.name(), t.shape(), t.data())));
        });
    }
}
