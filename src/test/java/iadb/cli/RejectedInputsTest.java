package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.ChildRun;
import iadb.file.Safetensors;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.sample.TrainedNetwork;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A wrong command line or input is reported in one line on stderr; nothing is printed on stdout, and no file changes. */
class RejectedInputsTest {
    @TempDir
    private static Path folder;

    @BeforeAll
    static void makeInputs() throws IOException {
        Files.writeString(folder.resolve("notes.txt"), "no picture");
        ImageIO.write(new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_GRAY), "png", folder.resolve("black.png").toFile());
        Network network = Network.initial(NetworkShape.TUTORIAL, 0);
        Path model = folder.resolve("m.safetensors");
        Model.write(model, new Model(network, Optional.of(TrainedNetwork.P0), Optional.of(TrainedNetwork.P1), Map.of()));
        Files.write(folder.resolve("truncated.safetensors"), Arrays.copyOf(Files.readAllBytes(model), 9_000));
        Safetensors.write(folder.resolve("tensors.safetensors"), network.tensors(), Map.of());
        Safetensors.write(folder.resolve("shape.safetensors"), network.tensors().subList(2, 10), Map.of());
        Files.writeString(folder.resolve("bad.csv"), "1,2\n3,x\n");
        Files.writeString(folder.resolve("good.csv"), "0.1,0.2\n0.3,0.4\n");
        Files.createFile(Files.createDirectories(folder.resolve("frames")).resolve("frame_000007.png"));
        Files.writeString(Files.createDirectories(folder.resolve("out")).resolve("points.npy"), "earlier");
        Commands.run(folder, "train", "--data", "999", "--batch", "33", "--iterations", "5", "--checkpoint-every", "5", "--out",
                "./trained").well();
        Files.move(folder.resolve("trained/checkpoint.safetensors"), folder.resolve("c.safetensors"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--p0 ./missing.png | no such file",
        "--p1 ./notes.txt | notes.txt",
        "--p0 ./black.png | all black",
        "--p0 . | is a folder",
        "--p1 spirla | did you mean spiral",
        "--p1 nonesuch | --list-densities",
        "--points 0 | --points 0",
        "--points -5 | --points -5",
        "--points 1.5 | --points",
        "--iterations 0 | --iterations 0",
        "--batch -1 | --batch -1",
        "--steps 0 | --steps 0",
        "--lr 0 | --lr 0",
        "--width 17 | width 17",
        "--depth 9 | depth 9",
        "--data 300000000 | --data 300000000 is not a whole number from 1 to 268,435,456",
        "--bandwidth abc | --bandwidth abc is not a number of at least 0",
        "--encoding Fourier | --encoding takes none, fourier, fourier:F or fourier:F:SIGMA, such as fourier:32:1, not 'Fourier'",
        "--encoding fourier: | not 'fourier:'",
        "--encoding fourier:x | not 'fourier:x'",
        "--encoding fourier:-8 | not 'fourier:-8'",
        "--encoding fourier:32: | not 'fourier:32:'",
        "--encoding fourier:32:x | not 'fourier:32:x'",
        "--encoding fourier:32:. | not 'fourier:32:.'",
        "--encoding fourier:32:1e3 | not 'fourier:32:1e3'",
        "--encoding none:8 | not 'none:8'",
        "--encoding fourier:0 | --encoding fourier:0: F must be a multiple of 8 from 8 to 128",
        "--encoding fourier:7 | --encoding fourier:7: F must be a multiple of 8 from 8 to 128",
        "--encoding fourier:136 | --encoding fourier:136: F must be a multiple of 8 from 8 to 128",
        "--encoding fourier:32:0 | --encoding deviation 0 is not a number above 0 and at most 1000, such as 1",
        "--encoding fourier:32:1001 | --encoding deviation 1001 is not",
        "--model ./m.safetensors --encoding none | --encoding has no effect with --model: leave it out",
        "--model ./m.safetensors --realtime --encoding fourier | --encoding is taken from the model: leave it out with --model",
        "--model ./m.safetensors --realtime --width 32 | --width is taken from the model: leave it out with --model",
        "--plan quickest | persistent",
        "--device nonesuch | nonesuch",
        "--device 99 | 99",
        "--out ./notes.txt | notes.txt is a file: give a folder",
        "--out ./notes.txt/sub | notes.txt",
        "--model ./missing.safetensors | missing.safetensors",
        "--model ./truncated.safetensors | truncated",
        "--model ./shape.safetensors | linear1.weight",
        "--iteratoins 5 | did you mean",
        "frobnicate | no command 'frobnicate'; iadb-cl --help lists the commands",
        "--bogus 5 | no option '--bogus'; iadb-cl --help lists the options",
        "train frobnicate | unexpected argument 'frobnicate'; iadb-cl train --help lists the options",
        "-o ./p.npy | no option '-o'; did you mean --out?",
        "profile --map --compare | --map and --compare exclude each other: give only one",
        "--iterations 1e5 | --iterations 1e5 is not a whole number from 1 to 2,147,483,647",
        "--batch 9999999999 | --batch 9999999999 is not a whole number from 1 to 1,048,576",
        "--seed one | --seed one is not a whole number from -2^63 to 2^63 - 1",
        "--model ./m.safetensors --width 32 | --width has no effect with --model: leave it out",
        "--realtime --record ./a.avi | a.avi: give a file that ends in .gif, .mp4 or .webm, or a folder",
        "--realtime --record ./notes.txt | notes.txt: give a file that ends in .gif, .mp4 or .webm, or a folder",
        "--realtime --record ./frames | holds the frames of another recording, such as frame_000007.png: give a new folder, or delete",
        "--animation avi | --animation takes gif, mp4 or webm, not 'avi'",
        "--animation mp4 --no-frames | --animation has no effect with --no-frames: leave it out",
        "--animation mp4 --realtime | --animation has no effect with --realtime: use --record",
        "--realtime --seconds -3 | --seconds -3 is not a number from 0",
        "--model ./notes.txt | not a safetensors file",
        "train --resume ./none.safetensors | none.safetensors; only 'train --checkpoint-every N' writes checkpoints",
        "--offscreen | --realtime",
        "--window=100x100 | --realtime",
        "--seconds=3 | --realtime",
        "--vsync=off | --realtime",
        "--compare=quick | --realtime",
        "--realtime --compare quikc | --compare quikc: 'quikc' is not a model file",
        "sample --model ./m.safetensors -o ./p.txt | unknown format; give a file that ends in .npy, .csv, .svg, .ply or .png",
        "sample --model ./m.safetensors --log-density -o ./p.png | third column",
        "sample --model ./m.safetensors --at ./bad.csv -o ./p.svg | third column",
        "sample --model ./m.safetensors --trajectory -o ./p.csv | .npy",
        "sample --model ./m.safetensors --at ./bad.csv --trajectory -o ./p.npy | --trajectory",
        "sample --model ./m.safetensors --from ./bad.csv --at ./bad.csv -o ./p.npy | give either --from or --at",
        "sample --model ./m.safetensors --from ./bad.csv --points 5 -o ./p.npy | --points",
        "sample --model ./m.safetensors --from ./bad.csv --sequence sobol -o ./p.npy | --sequence",
        "sample --model ./m.safetensors --from ./bad.csv -o ./p.npy | bad.csv, line 2",
        "sample --model ./m.safetensors --from ./none.csv -o ./p.npy | no such file",
        "sample --model ./m.safetensors --points 0 -o ./p.npy | --points 0",
        "sample --model ./m.safetensors --solver heun -o ./p.npy | takes euler, midpoint or rk4, not 'heun'",
        "sample --model ./m.safetensors --schedule log -o ./p.npy | linear or cosine",
        "sample --model ./m.safetensors --sequence halton -o ./p.npy | random or sobol",
        "sample --model ./m.safetensors --steps 0 -o ./p.npy | --steps 0",
        "sample --model ./tensors.safetensors -o ./p.npy | --p0",
        "sample --model ./tensors.safetensors --from ./good.csv --log-density -o ./p.npy | --p0",
        "sample --model ./none.safetensors -o ./p.npy | none.safetensors",
        "sample --model ./m.safetensors | -o",
        "sample --model ./m.safetensors -o ./none/p.npy | none does not exist; create it first",
        "sample --model ./m.safetensors -o . | is a folder: give a file that ends in .npy",
        "sample --model ./m.safetensors --inverse -o ./p.npy | --from",
        "sample --model ./m.safetensors --from ./good.csv --inverse --log-density -o ./p.npy | --at",
        "sample --model ./m.safetensors --points 2000000000 --steps 100000 --trajectory -o ./p.npy | MB left",
        "sample --model ./m.safetensors --pionts 5 -o ./p.npy | did you mean --points",
        "--seed 5 sample --model ./m.safetensors -o ./p.npy | --seed comes before the command",
        "sample --model ./m.safetensors --points 1e6 -o ./p.npy | whole number",
        "export --model ./m.safetensors -o ./p.txt | p.txt: unknown format; give a file that ends in .html, .glsl, .c, .py or .onnx",
        "export --model ./m.safetensors -o ./none/p.c | none does not exist; create it first",
        "export --model ./m.safetensors -o . | is a folder: give a file that ends in .html, .glsl, .c, .py or .onnx",
        "export --model ./none.safetensors -o ./p.c | no such file",
        "export --model ./m.safetensors --model ./m.safetensors -o ./p.c | --model is given 2 times: only an .html file shows several",
        "export --model ./notes.txt -o ./p.c | not a safetensors file",
        "export --model ./m.safetensors --steps 0 -o ./p.c | --steps 0",
        "export --model ./m.safetensors --solver heun -o ./p.c | takes euler, midpoint or rk4, not 'heun'",
        "export --model ./m.safetensors --schedule log -o ./p.c | linear or cosine",
        "export --model ./m.safetensors --function map -o ./p.c | --function chooses what an .onnx file computes",
        "export --model ./m.safetensors --function inverse -o ./p.onnx | takes map, velocity or log-density, not 'inverse'",
        "export -o ./p.c | --model",
        "evaluate --model ./m.safetensors -o ./none/r.png | none/r.png",
        "evaluate | --model or --from",
        "evaluate --model ./m.safetensors --from ./good.csv | give either --model or --from",
        "evaluate --from ./good.csv | --p1",
        "evaluate --from ./good.csv --p1 ring --steps 3 | --steps",
        "evaluate --from ./good.csv --p1 ring --count 99 | 99",
        "evaluate --model ./m.safetensors -o ./r.jpg | .png",
        "evaluate --model ./m.safetensors --exact 20000 | --exact",
        "evaluate --model ./m.safetensors --exact abc | --exact abc is not a whole number from 1 to 16,384",
        "evaluate --model ./m.safetensors --count 99 --exact 100 | --exact is larger than --count",
        "evaluate --model ./tensors.safetensors --p1 ring | --p0",
        "train --resume ./m.safetensors | is not a checkpoint of a training; only 'train --checkpoint-every N' writes checkpoints",
        "train --resume ./c.safetensors --batch 7 | --batch",
        "train --resume ./c.safetensors --encoding fourier | --encoding is taken from the checkpoint: leave it out with --resume",
        "train --resume ./c.safetensors --p0 ring | --p0 is taken from the checkpoint: leave it out with --resume",
        "train --resume ./c.safetensors --bandwidth 0.1 | --bandwidth is taken from the checkpoint: leave it out with --resume",
        "train --resume ./c.safetensors --iterations 1 | --iterations 1 is less than the 5 that",
        "train --checkpoint-every -1 | --checkpoint-every",
        "train --ema 1 | --ema",
        "train --lr-schedule linear | constant or cosine"})
    void wrongInputGetsOneLineAndExitCode2AndChangesNoFile(String command, String reason) throws IOException {
        boolean writesToAFolder = command.matches("(--|train).*") && !command.matches(".* -o .*|.*--out .*");
        assertRejected(writesToAFolder ? command + " --out ./out" : command, reason);
    }

    @Test
    void onlyRegularFilesAreOpened() throws Exception {
        Path pipe = folder.resolve("pipe.png");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "makes no pipe");
        try {
            for (String option : new String[] {"--p1", "--model"}) {
                assertRejected(option + " ./pipe.png --out ./out", "is not a regular file");
            }
        } finally {
            Files.delete(pipe);
        }
    }

    private static void assertRejected(String command, String reason) throws IOException {
        Map<Path, String> before = contents();
        ChildRun run = Commands.run(folder, command.split(" "));
        assertEquals(2, run.code(), run.err());
        assertEquals("", run.out());
        // the line that names the device may come before the refusal
        List<String> messages = run.messages().stream().filter(line -> !line.contains(" -> ")).toList();
        assertEquals(1, messages.size(), run.err());
        assertTrue(messages.get(0).contains(reason), run.err());
        assertEquals(before, contents(), "no file is new, and none changed");
    }

    /** The bytes of each file, one char per byte. */
    private static Map<Path, String> contents() throws IOException {
        Map<Path, String> contents = new HashMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                contents.put(file, Files.isRegularFile(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "");
            }
        }
        return contents;
    }
}
