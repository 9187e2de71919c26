package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.model.NetworkShape;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;

/** Messages about the values of options. */
class OptionsTest {
    @TempDir
    private Path folder;

    /** A command that trains. */
    private static final class Trainer {
        @Mixin
        private Options.Training training;
    }

    /** What is logged while both densities of a command line are read. */
    private static List<String> messagesOf(String... arguments) {
        Logger logger = (Logger) LoggerFactory.getLogger(DensityOptions.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        try {
            CommandLine.populateCommand(new DensityOptions(), arguments).both(65_536, 0);
        } finally {
            logger.detachAppender(lines);
        }
        lines.list.forEach(line -> assertEquals(Level.INFO, line.getLevel(), "what --quiet does not show"));
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @ParameterizedTest
    @CsvSource({"none,0,1", "fourier,32,1", "fourier:8,8,1", "fourier:128:0.5,128,0.5", "fourier:32:1.5,32,1.5",
            "fourier:16:.25,16,0.25"})
    void anEncodingHasFeaturesAndADeviation(String text, int features, double deviation) {
        TrainingSettings settings = settings("--encoding", text);
        assertEquals(features, settings.shape().features());
        assertEquals(deviation, settings.encodingDeviation());
        assertEquals(NetworkShape.TUTORIAL, new NetworkShape(settings.shape().width(), settings.shape().depth()));
    }

    @Test
    void aPresetSetsWhatIsNotGiven() {
        assertEquals(TrainingSettings.tutorial(), settings());
        assertEquals(TrainingSettings.tutorial(), settings("--preset", "tutorial"));
        for (Preset preset : Preset.values()) {
            TrainingSettings all = preset.settings();
            assertEquals(all, settings("--preset", preset.toString()));
            TrainingSettings expected = all.withIterations(77).withData(78).withBatch(79).withLearningRate(0.5f, false).withEma(0.25)
                    .withShape(new NetworkShape(32, 2)).withEncoding(0, 1).withCoupling(Coupling.INDEPENDENT).withReflow(1);
            assertEquals(expected, settings("--iterations", "77", "--data", "78", "--batch", "79", "--lr", "0.5", "--lr-schedule", "constant",
                    "--ema", "0.25", "--width", "32", "--depth", "2", "--encoding", "none", "--coupling", "independent", "--reflow", "1",
                    "--preset", preset.toString()));
            assertEquals(all.withLearningRate(0.5f, all.cosine()).withShape(new NetworkShape(32, 4, all.shape().features())),
                    settings("--lr", "0.5", "--width", "32", "--preset", preset.toString()));
        }
    }

    private static TrainingSettings settings(String... arguments) {
        return CommandLine.populateCommand(new Trainer(), arguments).training.settings(0);
    }

    @Test
    void aBlackDrawingOnWhitePaperGetsOneLineAboutInvert() throws IOException {
        short[] weights = new short[400];
        Arrays.fill(weights, (short) -1);
        Arrays.fill(weights, 200, 220, (short) 0);
        byte[] png = ImageFile.toPng(ImageDensity.of("paper", 20, 20, weights));
        String paper = Files.write(folder.resolve("paper.png"), png).toString();
        String line = "most of paper.png is bright, and bright is dense; --invert makes its dark parts dense";
        assertEquals(List.of(line), messagesOf("--p1", paper));
        assertEquals(List.of(line, line), messagesOf("--p0", paper, "--p1", paper));
        assertEquals(List.of(), messagesOf("--p1", paper, "--invert"));
        assertEquals(List.of(), messagesOf("--p0", "uniform"));
        assertEquals(List.of(), messagesOf());
    }
}
