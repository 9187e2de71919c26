package iadb.cli;

import iadb.export.Export;
import iadb.export.Export.Function;
import iadb.export.WebPage;
import iadb.fault.UntrustedText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes trained maps as a web page, source code or a network file. */
@Command(name = "export", mixinStandardHelpOptions = true,
        description = {"Writes a trained map as a file that works without this program, with all numbers inside: a web page that"
            + " moves points on the viewer's GPU (.html), or functions for the map, its velocity and its log density, as a shader"
            + " for WebGL 2, OpenGL 3.3 or Shadertoy (.glsl), as C99 (.c), as Python with NumPy (.py), or as a network for ONNX"
            + " runtimes (.onnx); C and Python have its inverse too. A comment in the file, or the page, shows how to use it.", "",
            "Coordinates are in the units of the model's point files, or for pictures in the unit square; x to the right, y upward. The"
            + " log density of p0 is inside for gaussian; for other densities your program gives it.", "",
            "Names of functions begin with the name of the file, so that one program can contain several maps.", ""})
final class ExportCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(ExportCommand.class);

    @Option(names = "--model", paramLabel = "FILE", required = true,
            description = "The trained model. A page shows up to four side by side: repeat the option.")
    private List<Path> modelFiles;

    @Mixin
    private Options.IntegrationChoice integrationChoice;

    @Option(names = "--function", paramLabel = "map|velocity|log-density", defaultValue = "map",
            description = "What an .onnx file computes: start -> end (map); at, alpha [N, 1] -> velocity; or start -> end, log_det"
                    + " (log-density) (default: ${DEFAULT-VALUE}).")
    private String function;

    @Spec
    private CommandSpec spec;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", required = true,
            description = "File to write. Its ending determines the format: .html, .glsl, .c, .py or .onnx.")
    private Path output;

    @Override
    public Integer call() throws IOException {
        Options.requireWritable(output, "a file that ends in " + Export.Form.endings());
        Function computed = Options.word("--function", function, Function.values());
        Options.refuse(Export.Form.of(output) != Export.Form.ONNX && Options.isGiven(spec, "--function"),
                "--function chooses what an .onnx file computes: leave it out with others, which hold all");
        Options.refuse(Export.Form.of(output) != Export.Form.HTML && modelFiles.size() > 1,
                "--model is given " + modelFiles.size() + " times: only an .html file shows several models");
        List<Export> exports = new ArrayList<>();
        for (Path modelFile : modelFiles) {
            exports.add(new Export(Options.readModel(modelFile), integrationChoice.integration(false).solver(),
                    integrationChoice.chosenSchedule(), integrationChoice.steps));
        }
        Export export = exports.get(0);
        if (exports.size() > 1) {
            WebPage.write(exports, output);
        } else {
            export.write(output, computed).forEach(limit -> LOG.warn(
                    "{}: {}; a model with a smaller --width or without an encoding is shorter", output, limit));
        }
        System.out.println(UntrustedText.line(String.format(Locale.ROOT, "%s: %,d %s step%s, %,d bytes", output, export.steps(),
                export.solver().toString().replace("euler", "Euler"), export.steps() == 1 ? "" : "s", Files.size(output))));
        return 0;
    }
}
