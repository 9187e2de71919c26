package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
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

/** Exceptions carry facts; the command line alone names the options that fix them. */
class RemediesTest {
    private static final Pattern LITERAL = Pattern.compile("\"(?:[^\"\\\\\\n]|\\\\.)*\"");
    private static final Pattern REMEDY = Pattern.compile("(?<![\\w-])(--[a-z%]|-Xmx)|fewer points|smaller batch|another plan");

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
        DeviceLimitException memory = new DeviceLimitException("too large", Limit.MEMORY);
        assertEquals(": use fewer points (--points), a smaller batch (--batch) or another device (--device)", Remedies.of(memory, command()));
        assertEquals(": use a smaller batch (--batch) or another device (--device)", Remedies.of(memory, command("train")));
        assertEquals(": use fewer points (--count) or another device (--device)", Remedies.of(memory, command("evaluate")));
        assertEquals(": use fewer points (--count) or another device (--devices)", Remedies.of(memory, command("batch", "jobs.csv")));
        DeviceLimitException kernel = new DeviceLimitException("too few for width 256", Limit.KERNEL);
        assertEquals(": use a smaller width (--width), a smaller depth (--depth), another plan (--plan) or another device (--device)",
                Remedies.of(kernel, command("train")));
        assertEquals(": use another device (--device)", Remedies.of(kernel, command("evaluate")));
        assertEquals(": use another device (--device) or another plan (--plan); the command 'devices' lists the devices",
                Remedies.of(new OpenClException("failed"), command("train")));
        assertEquals("", Remedies.of(new OpenClException("failed"), command("devices")), "it does not refer to itself");
        assertEquals("; give java more with -Xmx4g", Remedies.of(new InvalidInputException("wrong", new OutOfMemoryError()), command()));
        assertEquals("; --lr sets the learning rate", Remedies.of(new DivergedException("the loss of iteration 7", 30, Optional.empty(), 0), command()));
    }

    /** Nor do the exceptions of the window: who catches one may have no command line. */
    @Test
    void noMessageOfTheLibraryNamesAFlagOrWhatOneChanges() throws IOException {
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
            return literals.results().map(literal -> literal.group()).filter(text -> REMEDY.matcher(text).find())
                    .map(text -> file + ": " + text).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
