package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Device;
import iadb.fault.InvalidInputException;
import iadb.model.NetworkShape;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuningTableTest {
    private static Properties table() throws IOException {
        Properties table = new Properties();
        try (Reader in = Files.newBufferedReader(Path.of("cl/tuning.properties"))) {
            table.load(in);
        }
        return table;
    }

    @Test
    void everyLineIsATuningThatKeepsTheKernelsRules() throws IOException {
        for (String key : table().stringPropertyNames()) {
            Tuning tuning = Tuning.parse(table().getProperty(key));
            assertEquals(0, tuning.tileRows() % tuning.itemRows(), key);
            assertEquals(0, tuning.tileRows() % tuning.vector(), key);
            assertEquals(0, 64 / tuning.vector() % tuning.itemVectors(), key);
            assertEquals(tuning, Tuning.parse(tuning.toString()), key);
        }
    }

    @Test
    void aFileOfTuningsIsReadAsThePackedOne() throws IOException {
        Map<String, Tuning> read = TuningTable.read(Path.of("cl/tuning.properties"));
        assertEquals(table().stringPropertyNames(), read.keySet());
        assertEquals(Tuning.parse(table().getProperty("gpu.map-few.4")), read.get("gpu.map-few.4"));
    }

    @Test
    void whatIsNotAFileOfTuningsIsRefused(@TempDir Path folder) throws IOException {
        assertRefused("no such file", folder.resolve("missing"));
        assertRefused("cannot read the tunings", folder);
        assertRefused("a row is named 'hello', not DEVICE.PURPOSE", Files.writeString(folder.resolve("text"), "hello world\n"));
        assertRefused("is not a file of tunings", Files.writeString(folder.resolve("escape"), "\\uzzzz"));
        assertRefused("no kernel can be built with 'vector=3'", Files.writeString(folder.resolve("bad"), "a-2.map=vector=3\n"));
    }

    private static void assertRefused(String words, Path file) {
        String message = assertThrows(InvalidInputException.class, () -> TuningTable.read(file)).getMessage();
        assertTrue(message.contains(words) && message.contains(file.toString()), message);
    }

    @Test
    void everyKindOfDeviceHasADefaultForEveryPurpose() throws IOException {
        for (String kind : new String[] {"cpu-4", "cpu-8", "cpu-16", "gpu"}) {
            for (TuningTable.Purpose purpose : TuningTable.Purpose.values()) {
                boolean isOfGpus = purpose == TuningTable.Purpose.MAP_FEW || purpose == TuningTable.Purpose.JOINT;
                assertEquals(!isOfGpus || kind.equals("gpu"), table().containsKey(kind + "." + purpose.key()), kind);
            }
        }
    }

    @Test
    void everyDeviceHereHasATuningThatFits() {
        for (Device device : Device.all()) {
            assertTrue(TuningTable.find(device, TuningTable.Purpose.TRAINING)
                    .fit(NetworkShape.TUTORIAL, Tuning.Footprint.ONE_LAYER, device, 256).isPresent());
            assertTrue(TuningTable.find(device, TuningTable.Purpose.MAP)
                    .fit(NetworkShape.TUTORIAL, Tuning.Footprint.TWO_LAYERS, device).isPresent());
        }
    }

    @Test
    void onlyAGpuHasAnotherTuningForFewPoints() {
        assertEquals(TuningTable.Purpose.MAP_FEW, TuningTable.Purpose.ofMap(Device.Type.GPU, 132, 2048));
        assertEquals(TuningTable.Purpose.MAP_FEW, TuningTable.Purpose.ofMap(Device.Type.GPU, 16, 2048));
        assertEquals(TuningTable.Purpose.MAP, TuningTable.Purpose.ofMap(Device.Type.GPU, 16, 2049));
        assertEquals(TuningTable.Purpose.MAP, TuningTable.Purpose.ofMap(Device.Type.CPU, 132, 1));
    }

    @Test
    void aRecordOlderThanUnrollAndSplitHasThemAsOne() {
        assertEquals(new Tuning(16, 128, 4, 4, 1, 1, 1, 2, 1), Tuning.parse("vector=16 tile-rows=128 item-rows=4 item-vectors=4"
                + " group-size=1 update-groups=2 update-group-size=1"));
    }

    @Test
    void anUnknownWordIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Tuning.parse("vector=4 tile-rows=16 item-rows=4 item-vectors=1"
                + " group-size=64 unroll=1 split=1 update-groups=16 update-group-size=64 colour=7"));
    }

    @Test
    void aGroupThatFitsHasAnItemForEachShareAndWholeVectorsToExchange() {
        Tuning gpu = TuningTable.ofKind("gpu", TuningTable.Purpose.TRAINING);
        for (int width : new int[] {16, 32, 48, 64, 80, 112, 128, 256}) {
            for (int depth : new int[] {1, 4, 8}) {
                for (long group : new long[] {1, 2, 4, 64, 256, 1024}) {
                    for (long kibibytes : new long[] {16, 32, 48, 227}) {
                        NetworkShape shape = new NetworkShape(width, depth);
                        gpu.fit(shape, Tuning.Footprint.ALL_LAYERS, kibibytes << 10, group, 0).ifPresent(fit -> {
                            String what = shape + ", groups of " + group + ", " + kibibytes + " KiB: " + fit;
                            int blocks = fit.tileRows() / fit.itemRows() * (width / (fit.vector() * fit.itemVectors()));
                            assertTrue(fit.groupSize() <= group && fit.updateGroupSize() <= group, what);
                            assertTrue(fit.split() == 1 || fit.groupSize() == blocks * fit.split(), what);
                            assertTrue(fit.groupSize() == 1 || fit.groupSize() % fit.vector() == 0
                                    && fit.updateGroupSize() % fit.vector() == 0 && fit.updateGroups() > 0, what);
                            assertTrue(Tuning.Footprint.ALL_LAYERS.bytes(shape, fit.tileRows(), fit.split(), fit.groupSize(), fit.vector())
                                    <= kibibytes << 10, what);
                        });
                    }
                }
            }
        }
        Tuning tutorial = gpu.fit(NetworkShape.TUTORIAL, Tuning.Footprint.ALL_LAYERS, 32 << 10, 256, 0).orElseThrow();
        assertEquals(8, tutorial.split(), "the default network's sums are shared even with 32 KiB and groups of 256");
    }
}
