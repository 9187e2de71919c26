package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tools/bundle promises, as far as it can be tested without making the bundle. */
class BundleIT {
    @TempDir
    private Path folder;

    private void runsWithin(String modules, String... arguments) throws IOException, InterruptedException {
        Process process = Jar.start(folder, Map.of(), List.of("--limit-modules", modules), arguments);
        assertTrue(process.waitFor(2, TimeUnit.MINUTES), "ends in time");
        assertEquals(0, process.exitValue(), Files.readString(folder.resolve("stderr")));
    }

    @Test
    void theProgramNeedsNoModuleThatTheBundleLacks() throws Exception {
        Matcher modules = Pattern.compile("(?m)^modules=(.*)$").matcher(Files.readString(Path.of("tools/bundle")));
        assertTrue(modules.find(), "tools/bundle names the modules");
        BufferedImage image = new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB);
        image.setRGB(4, 3, 0xffffff);
        ImageIO.write(image, "jpg", folder.resolve("p1.jpg").toFile());
        runsWithin(modules.group(1), "--p1", "p1.jpg", "--data", "99", "--iterations", "50", "--batch", "8", "--points", "20",
                "--steps", "2", "--verbose");
        runsWithin(modules.group(1), "evaluate", "--model", "out/model.safetensors", "--count", "200", "-o", "report.png");
    }
}
