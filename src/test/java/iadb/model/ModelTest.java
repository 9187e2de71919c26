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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        for (NetworkShape shape : List.of(NetworkShape.TUTORIAL, new NetworkShape(16, 1), new NetworkShape(80, 8))) {
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
            described.add(tensor.name() + java.util.Arrays.toString(tensor.shape()));
        }
        assertEquals(List.of("linear1.weight[64, 3]", "linear1.bias[64]", "linear2.weight[64, 64]", "linear2.bias[64]",
                "linear3.weight[64, 64]", "linear3.bias[64]", "linear4.weight[64, 64]", "linear4.bias[64]",
                "output.weight[2, 64]", "output.bias[2]"), described);
    }

    @Test
    void initialParametersAreUniformInTheirBounds() {
        NetworkShape shape = NetworkShape.TUTORIAL;
        float[] parameters = Network.initial(shape, 9).parameters();
        for (int l = 0; l < shape.layers(); l++) {
            double bound = 1 / Math.sqrt(shape.inputs(l));
            double sum = 0;
            double squares = 0;
            int count = shape.biasOffset(l) + shape.outputs(l) - shape.weightOffset(l);
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

    private static void assertRefused(Path file, List<Safetensors.Tensor> tensors, String reason) throws IOException {
        Safetensors.write(file, tensors, Map.of());
        String message = assertThrows(InvalidInputException.class, () -> Model.read(file)).getMessage();
        assertTrue(message.contains(reason) && !message.contains("\n"), message);
    }
}
