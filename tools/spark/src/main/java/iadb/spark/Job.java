package iadb.spark;

import iadb.cl.OpenClException.NoDeviceException;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.BuildVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;

/** A job as {@code spark-submit} starts it: its command line, its messages in one line, and its exit code. */
abstract class Job implements Callable<Integer> {
    private static final int EXIT_FAILURE = 1;
    private static final int EXIT_INPUT = 2;
    private static final int EXIT_MACHINE = 3;

    /** Refuses wrong options, before Spark is started. */
    abstract void check();

    /** Does the work; returns the exit code. */
    abstract int run(SparkSession spark) throws IOException;

    @Override
    public final Integer call() throws IOException {
        check();
        try (SparkSession spark = SparkSession.builder().appName("iadb-cl " + getClass().getSimpleName()).getOrCreate()) {
            return run(spark);
        }
    }

    /** Runs a job, and ends the process if it fails. */
    static void main(Job job, String[] arguments) {
        Locale.setDefault(Locale.ROOT);
        CommandLine line = new CommandLine(job);
        line.getCommandSpec().versionProvider(() -> new String[] {BuildVersion.text()});
        line.getCommandSpec().usageMessage().sortOptions(false).sortSynopsis(false);
        line.setUsageHelpAutoWidth(true);
        line.setParameterExceptionHandler((e, all) -> say(message(e.getMessage()), EXIT_INPUT));
        line.setExecutionExceptionHandler((e, same, parsed) -> report(e));
        int code = line.execute(arguments);
        if (code != 0) {
            System.exit(code);
        }
    }

    private static String message(String text) {
        String plain = text.replaceFirst("^Invalid value for option '(.*?)'.*: '(.*)' is not an? (int|long)$", "$1 takes a whole number, not '$2'");
        return plain.substring(0, 1).toLowerCase(Locale.ROOT) + plain.substring(1) + "; --help lists the options";
    }

    /** A task's exception arrives as a cause of Spark's. */
    private static int report(Exception e) {
        Throwable last = e;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            last = cause;
            if (cause instanceof InvalidInputException) {
                return say(cause.getMessage(), EXIT_INPUT);
            }
            if (cause instanceof NoDeviceException) {
                return say("an executor's machine: " + cause.getMessage(), EXIT_MACHINE);
            }
        }
        return say(Optional.ofNullable(last.getMessage()).flatMap(text -> text.lines().findFirst()).orElse(last.toString()), EXIT_FAILURE);
    }

    private static int say(String message, int code) {
        System.err.println("iadb-cl: " + UntrustedText.line(message));
        return code;
    }

    /** The file system of a path, without files of checksums on a local disk: other programs would not keep them up to date. */
    static FileSystem files(org.apache.hadoop.fs.Path path, Configuration configuration) throws IOException {
        FileSystem files = path.getFileSystem(configuration);
        if (files instanceof LocalFileSystem local) {
            local.setWriteChecksum(false);
            local.setVerifyChecksum(false);
        }
        return files;
    }

    /** Creates the folder of results, so that an error shows before any work is done. */
    static void make(org.apache.hadoop.fs.Path folder, Configuration configuration) {
        String reason = "";
        try {
            if (files(folder, configuration).mkdirs(folder)) {
                return;
            }
        } catch (IOException e) {
            reason = ": " + e.getMessage();
        }
        throw new InvalidInputException("--out " + folder + " cannot be created" + reason);
    }

    /** The content of a small file. */
    static byte[] read(org.apache.hadoop.fs.Path file, Configuration configuration) throws IOException {
        try (var in = files(file, configuration).open(file)) {
            return in.readAllBytes();
        }
    }

    /** Writes a file under a temporary name, and renames it; an earlier one is replaced. */
    static void write(org.apache.hadoop.fs.Path file, byte[] content, org.apache.hadoop.fs.Path temporary, Configuration configuration)
            throws IOException {
        FileSystem files = files(file, configuration);
        try (var stream = files.create(temporary, true)) {
            stream.write(content);
        }
        files.mkdirs(file.getParent());
        if (!files.rename(temporary, file)) { // some file systems do not replace a file
            files.delete(file, false);
            if (!files.rename(temporary, file)) {
                throw new IOException("%s cannot be renamed to %s".formatted(temporary, file));
            }
        }
    }

    /** Work with a file of the machine's own disk. */
    @FunctionalInterface
    interface LocalWork<T> {
        T apply(Path folder) throws IOException;
    }

    /** Works in a new folder of the machine's own disk, which is deleted afterwards. */
    static <T> T inFolder(LocalWork<T> work) throws IOException {
        Path folder = Files.createTempDirectory("iadb-cl-");
        try {
            return work.apply(folder);
        } finally {
            org.apache.hadoop.fs.FileUtil.fullyDelete(folder.toFile());
        }
    }
}
