package iadb.profile;

import iadb.cl.Device;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where, when and with what a result was measured.
 *
 * @param device       its name
 * @param type         CPU, GPU or OTHER
 * @param platform     the OpenCL platform's name
 * @param driver       its version
 * @param opencl       the OpenCL version
 * @param computeUnits of the device
 * @param java         the virtual machine's version
 * @param system       the operating system and processor type
 * @param commit       of this program's source; with {@code +} when files were changed since
 * @param date         in UTC
 */
record Machine(String device, String type, String platform, String driver, String opencl, int computeUnits, String java,
        String system, String commit, String date) {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** This machine now; {@code root} is the repository. */
    static Machine of(Device device, Path root) {
        return new Machine(device.name(), device.type().toString(), device.platformName(), device.driver(), device.version(),
                device.computeUnits(), System.getProperty("java.version"),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"), commit(root),
                LocalDate.now(ZoneOffset.UTC).toString());
    }

    /** The device's name as that of a folder. */
    String slug() {
        return device.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    }

    /** The commit of the repository {@code root}; with {@code +} when files were changed since. */
    static String commit(Path root) {
        Child head = git(root, "rev-parse", "--short", "HEAD");
        if (head.code() != 0) {
            return "unknown";
        }
        Child changed = git(root, "status", "--porcelain", "--untracked-files=no", "--", "src", "cl", "pom.xml");
        return head.out().strip() + (changed.out().isBlank() ? "" : "+");
    }

    private static Child git(Path root, String... arguments) {
        List<String> command = new java.util.ArrayList<>(List.of("git", "-C", root.toString()));
        command.addAll(List.of(arguments));
        return Child.run(command, Map.of(), LIMIT);
    }
}
