package iadb.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.density.Densities;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.file.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelTest {
    @TempDir
    private Path folder;

    private static Model model(NetworkShape shape, Density p0, Density p1) {
        return new Model(Network.initial(shape, 3), Optional.of(p0), Optional.of(p1), Map.of("seed", "3"));
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        Path file = folder.resolve("m.safetensors");
        for (NetworkShape shape : List.of(NetworkShape.TUTORIAL, new NetworkShape(16, 1), new NetworkShape(80, 8),
                new NetworkShape(16, 1, 8), new NetworkShape(48, 3, 128))) {
            Model written = model(shape, NamedDensities.find("heart").orElseThrow(), Densities.noise(33));
            Model.write(file, written);
            Model read = Model.read(file);
            assertEquals(shape, read.network().shape());
            assertArrayEquals(written.network().parameters(), read.network().parameters());
            assertTrue(read.p0().orElseThrow().image().isNamed());
            assertArrayEquals(written.p0().orElseThrow().image().weights(), read.p0().orElseThrow().image().weights());
            assertArrayEquals(written.p1().orElseThrow().image().weights(), read.p1().orElseThrow().image().weights());
            assertEquals(Map.of("seed", "3"), read.provenance());
        }
    }

    @Test
    void tensorsAreNamedAndShapedAsInTheTutorialsPyTorchClass() {
        List<String> described = new ArrayList<>();
        for (Safetensors.Tensor tensor : Network.initial(NetworkShape.TUTORIAL, 0).tensors()) {
            described.add(tensor.name() + Arrays.toString(tensor.shape()));
        }
        assertEquals(List.of("linear1.weight[64, 3]", "linear1.bias[64]", "linear2.weight[64, 64]", "linear2.bias[64]",
                "linear3.weight[64, 64]", "linear3.bias[64]", "linear4.weight[64, 64]", "linear4.bias[64]",
                "output.weight[2, 64]", "output.bias[2]"), described);
    }

    @Test
    void anEncodedNetworkAddsItsDirectionsAfterTheSameTensors() {
        NetworkShape shape = new NetworkShape(32, 2, 16);
        List<String> described = new ArrayList<>();
        for (Safetensors.Tensor tensor : Network.initial(shape, 0).tensors()) {
            described.add(tensor.name() + Arrays.toString(tensor.shape()));
        }
        assertEquals(List.of("linear1.weight[32, 35]", "linear1.bias[32]", "linear2.weight[32, 32]", "linear2.bias[32]",
                "output.weight[2, 32]", "output.bias[2]", "encoding.directions[16, 3]"), described);
    }

    /** The digest is of the file that the program wrote before it had encodings. */
    @Test
    void aNetworkWithoutAnEncodingHasTheBytesItAlwaysHad() throws Exception {
        Path file = folder.resolve("m.safetensors");
        Model.write(file, new Model(Network.initial(NetworkShape.TUTORIAL, 3), Optional.empty(), Optional.empty(), Map.of()));
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        assertEquals("681ec9e6737e38987922ba99dc428f25c4eff7d38f82c8ce8a12bc3dee419911", HexFormat.of().formatHex(digest));
    }

    @Test
    void directionsAreNormalWithHalfTheDeviationForAlpha() {
        NetworkShape shape = new NetworkShape(16, 1, 128);
        double[] squares = new double[3];
        double[] fourths = new double[3];
        double[] sums = new double[3];
        int seeds = 40;
        for (int seed = 0; seed < seeds; seed++) {
            float[] directions = Network.initial(shape, 1.5, seed).tensors().get(4).data();
            for (int i = 0; i < directions.length; i++) {
                double z = directions[i] / (i % 3 == 2 ? 0.75 : 1.5);
                sums[i % 3] += z;
                squares[i % 3] += z * z;
                fourths[i % 3] += z * z * z * z;
            }
        }
        double n = seeds * 128;
        for (int c = 0; c < 3; c++) { // variances of z, z² and z⁴ are 1, 2 and 96: four standard deviations at these seeds
            assertEquals(0, sums[c] / n, 4 * Math.sqrt(1 / n));
            assertEquals(1, squares[c] / n, 4 * Math.sqrt(2 / n));
            assertEquals(3, fourths[c] / n, 4 * Math.sqrt(96 / n));
        }
        float[] once = Network.initial(shape, 1.5, 7).parameters();
        assertArrayEquals(once, Network.initial(shape, 1.5, 7).parameters());
        assertFalse(Arrays.equals(once, Network.initial(shape, 1.5, 8).parameters()));
        float[] wider = Network.initial(shape, 3, 7).tensors().get(4).data();
        float[] directions = Network.initial(shape, 1.5, 7).tensors().get(4).data();
        for (int i = 0; i < directions.length; i++) {
            assertEquals(2 * directions[i], wider[i]);
        }
    }

    @Test
    void initialParametersAreUniformInTheirBounds() {
        NetworkShape shape = NetworkShape.TUTORIAL;
        float[] parameters = Network.initial(shape, 9).parameters();
        for (int l = 0; l < shape.layers(); l++) {
            double bound = 1 / Math.sqrt(shape.inputs(l));
            double sum = 0;
            double squares = 0;
            int count = shape.endOffset(l) - shape.weightOffset(l);
            for (int i = shape.weightOffset(l); i < shape.weightOffset(l) + count; i++) {
                assertTrue(Math.abs(parameters[i]) <= bound * (1 + 1e-7));
                sum += parameters[i] / bound;
                squares += Math.pow(parameters[i] / bound, 2);
            }
            // mean 0 ± 1/√(3n), mean square 1/3 ± √(4/45n): four standard deviations at this seed
            assertEquals(0, sum / count, 4 / Math.sqrt(3.0 * count));
            assertEquals(1 / 3.0, squares / count, 4 * Math.sqrt(4 / 45.0 / count));
        }
    }

    @Test
    void aFileByPyTorchWithTheSameTensorsLoads() throws IOException {
        Path file = folder.resolve("torch.safetensors");
        Network network = Network.initial(NetworkShape.TUTORIAL, 1);
        Safetensors.write(file, network.tensors(), Map.of("format", "pt"));
        Model read = Model.read(file);
        assertArrayEquals(network.parameters(), read.network().parameters());
        assertTrue(read.p0().isEmpty());
    }

    @Test
    void aLargeDensityStaysOutOfTheFile() throws IOException {
        Path file = folder.resolve("m.safetensors");
        Model.write(file, model(NetworkShape.TUTORIAL, Densities.noise(1600), Densities.noise(3))); // noise does not compress: 5 MB
        assertTrue(Files.size(file) < 200_000);
        Model read = Model.read(file);
        assertTrue(read.p0().isEmpty());
        assertEquals(64, read.provenance().get("p0.sha256").length());
        assertTrue(read.p1().isPresent());
    }

    @Test
    void anotherShapeIsRefusedInOneLine() throws IOException {
        Path file = folder.resolve("m.safetensors");
        List<Safetensors.Tensor> tensors = Network.initial(NetworkShape.TUTORIAL, 0).tensors();
        Safetensors.Tensor bias = tensors.get(1);

        assertRefused(file, tensors.subList(0, 9), "9 tensors");
        assertRefused(file, tensors.subList(2, 10), "linear1.weight");
        List<Safetensors.Tensor> wrongShape = new ArrayList<>(tensors);
        wrongShape.set(1, new Safetensors.Tensor(bias.name(), new int[] {32}, new float[32]));
        assertRefused(file, wrongShape, "linear1.bias has shape [32], but needs [64]");
        List<Safetensors.Tensor> otherName = new ArrayList<>(tensors);
        otherName.set(9, new Safetensors.Tensor("out.bias", new int[] {2}, new float[2]));
        assertRefused(file, otherName, "output.bias is missing");
        List<Safetensors.Tensor> oddWidth = new ArrayList<>(tensors);
        oddWidth.set(0, new Safetensors.Tensor("linear1.weight", new int[] {65, 3}, new float[195]));
        assertRefused(file, oddWidth, "width 65");
    }

    @Test
    void anotherEncodingIsRefusedInOneLine() throws IOException {
        Path file = folder.resolve("m.safetensors");
        // 19 inputs, directions [8, 3]
        List<Safetensors.Tensor> tensors = Network.initial(new NetworkShape(16, 1, 8), 0).tensors();
        Safetensors.Tensor weight = tensors.get(0);

        assertRefused(file, tensors.subList(0, 4), "linear1.weight has shape [16, 19], but needs [16, 3]");
        assertRefused(file, with(tensors, 4, tensor("encoding.directions", 16, 3)),
                "encoding.directions has shape [16, 3], but needs [8, 3]");
        assertRefused(file, with(tensors, 4, tensor("encoding.directions", 24)),
                "encoding.directions has shape [24], but needs [8, 3]");
        assertRefused(file, with(tensors, 4, tensor("encoding.direction", 8, 3)), "5 tensors");
        assertRefused(file, with(tensors, 0, tensor(weight.name(), 16, 20)),
                "linear1.weight has shape [16, 20], but needs [16, 19]");
        assertRefused(file, with(tensors, 0, tensor(weight.name(), 16, 17)), "encoding fourier:7: F must be a multiple");
        assertRefused(file, with(tensors, 0, tensor(weight.name(), 16, 275)), "encoding fourier:136: F must be");
        assertRefused(file, with(tensors, 0, tensor(weight.name(), 16, 3)), "5 tensors");
        assertRefused(file, with(tensors, 0, tensor(weight.name(), 16, 1)), "F must be a multiple of 8");
        assertRefused(file, with(tensors, 0, tensor(weight.name(), 16)), "F must be a multiple of 8");

        Safetensors.write(file, tensors, Map.of());
        byte[] bytes = Files.readAllBytes(file);
        System.arraycopy(new byte[] {0, 0, (byte) 0xc0, 0x7f}, 0, bytes, bytes.length - 4, 4); // NaN, the last of the directions
        Files.write(file, bytes);
        assertRefused(file, "encoding.directions");
    }

    private static Safetensors.Tensor tensor(String name, int... shape) {
        return new Safetensors.Tensor(name, shape, new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)]);
    }

    private static List<Safetensors.Tensor> with(List<Safetensors.Tensor> tensors, int index, Safetensors.Tensor other) {
        List<Safetensors.Tensor> changed = new ArrayList<>(tensors);
        changed.set(index, other);
        return changed;
    }

    private static void assertRefused(Path file, List<Safetensors.Tensor> tensors, String reason) throws IOException {
        Safetensors.write(file, tensors, Map.of());
        assertRefused(file, reason);
    }

    private static void assertRefused(Path file, String reason) {
        String message = assertThrows(InvalidInputException.class, () -> Model.read(file)).getMessage();
        assertTrue(message.contains(reason) && !message.contains("\n"), message);
    }
}
