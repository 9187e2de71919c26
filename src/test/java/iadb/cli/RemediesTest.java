package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.fault.InvalidInputException;
import iadb.fault.InvalidInputException.Setting;
import iadb.train.DivergedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Exceptions carry facts; the command line alone names the options that mend them. */
class RemediesTest {
    private static final Pattern LITERAL = Pattern.compile("\"(?:[^\"\\\\\\n]|\\\\.)*\"");
    private static final Pattern FLAG = Pattern.compile("(?<![\\w-])--[a-z%]");

    private static CommandSpec command(String... words) {
        CommandLine commands = Main.commandLine();
        return commands.parseArgs(words).asCommandLineList().get(words.length == 0 || words[0].startsWith("-") ? 0 : 1).getCommandSpec();
    }

    private static String of(Setting setting, String... words) {
        return Remedies.of(new InvalidInputException("wrong", setting), command(words));
    }

    @Test
    void aSettingBecomesTheOptionThatTheCommandHas() {
        assertEquals(" (--p0)", of(Setting.P0));
        assertEquals(" (--p1)", of(Setting.P1, "evaluate"));
        assertEquals(" (try --invert)", of(Setting.INVERT));
        assertEquals(" (try without --invert)", of(Setting.INVERT, "--invert"));
        assertEquals(" (--list-densities prints their names)", of(Setting.NAMED_DENSITIES));
        assertEquals("; only 'train --checkpoint-every N' writes checkpoints", of(Setting.CHECKPOINTS, "train"));
        assertEquals("", Remedies.of(new InvalidInputException("wrong"), command()));
        assertEquals("", Remedies.of(new IOException("wrong"), command()));
    }

    @Test
    void aFaultOfTheDeviceNamesTheOptionsOfTheCommandOnly() {
        assertEquals(" (--points, --batch, --device)", Remedies.of(new DeviceLimitException("too large"), command()));
        assertEquals(" (--batch, --device)", Remedies.of(new DeviceLimitException("too large"), command("train")));
        assertEquals(" (--count, --device)", Remedies.of(new DeviceLimitException("too large"), command("evaluate")));
        assertEquals(" (--device, --plan); the command 'devices' lists the devices",
                Remedies.of(new OpenClException("failed"), command("train")));
        assertEquals("; --lr sets the learning rate", Remedies.of(new DivergedException("the loss of iteration 7", 30, Optional.empty(), 0), command()));
    }

    /** The exceptions of the window name none either: who catches one may have no command line. */
    @Test
    void noMessageOfTheLibraryNamesAFlag() throws IOException {
        Path sources = Path.of("src/main/java/iadb");
        try (Stream<Path> paths = Files.walk(sources)) {
            List<Path> library = paths.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> !List.of("cli", "profile", "view").contains(sources.relativize(path).getName(0).toString())
                            || path.toString().endsWith("Exception.java")).toList();
            assertEquals(List.of(), library.stream().flatMap(RemediesTest::flags).toList());
        }
    }

    private static Stream<String> flags(Path file) {
        try {
            Matcher literals = LITERAL.matcher(Files.readString(file));
            return literals.results().map(literal -> literal.group()).filter(text -> FLAG.matcher(text).find())
                    .map(text -> file + ": " + text).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
