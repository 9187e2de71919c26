package iadb.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.plot.Palette;
import iadb.sample.Integration.Schedule;
import iadb.sample.SampleAccess;
import iadb.sample.SampleAccess.Reference;
import iadb.sample.Solver;
import iadb.sample.TrainedNetwork;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a real browser the page draws the maps, and its points and functions agree with the double-precision reference. */
class WebPageTest {
    private static final double ON_GPU = 1e-3; // of the box's side
    private static final double IN_JAVASCRIPT = 1e-4;
    private static final int STEPS = 6; // of the page
    private static final int COUNT = 60; // points given to the functions
    private static final Box FAR = new Box(-4, 3, 8);
    private static final int PLAIN = 0;
    private static final int ENCODED = 1;
    private static final int BOXED = 2;
    private static final int PICTURED = 3;
    private static final String HOSTILE = "</script><img src=x onerror=hacked()>\"'&amp;<!-- \u202e\u2028 \\ @data@ $1 日";
    private static final String SET_ALPHA = "const a = document.getElementById('alpha'); a.value = arguments[0];"
            + "a.dispatchEvent(new Event('input'));";

    private static final String COMPLETE = "[...document.querySelectorAll('figure')].every((_, i) => iadb.shown(i).isComplete)";

    @TempDir
    private static Path folder;

    private static Browser browser;
    private static List<Export> maps;
    private static Path one;
    private static Path four;
    private static String shown = ""; // the page that the browser shows

    @BeforeAll
    static void startTheBrowser() throws Exception {
        ImageDensity moons = NamedDensities.find("moons").orElseThrow();
        float[] points = {0.4f, 0.5f, 0.6f, 0.45f, 0.55f, 0.62f, 0.43f, 0.41f, 0.5f, 0.5f};
        maps = List.of(map(TrainedNetwork.get(), TrainedNetwork.P0, TrainedNetwork.P1),
                map(TrainedNetwork.encoded(), TrainedNetwork.P0, TrainedNetwork.P1),
                map(TrainedNetwork.encoded(), new PointDensity("a.csv", Optional.empty(), points, FAR, 0.5),
                        new PointDensity("b.csv", Optional.empty(), points, FAR, 0)),
                map(TrainedNetwork.get(), ImageDensity.of("moons.png", moons.width(), moons.height(), moons.weights()),
                        TrainedNetwork.P1));
        one = folder.resolve("one map.html");
        maps.get(PLAIN).write(one, Export.Function.MAP);
        four = folder.resolve("four.html");
        WebPage.write(maps, four);
        browser = Browser.open();
        browser.setSize(900, 600, false);
        browser.prefer("dark");
    }

    @AfterAll
    static void closeTheBrowser() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    private static Export map(Network network, Density p0, Density p1) {
        Map<String, String> provenance = Map.of("configuration", "{\"p0\":\"a\",\"iterations\":300,\"lr\":0.001}", "seed", "7");
        return new Export(new Model(network, Optional.of(p0), Optional.of(p1), provenance), Solver.EULER, Schedule.LINEAR, STEPS);
    }

    /** Shows a page with 256 points at alpha = 0, paused, and the switches as at first. */
    private static void show(Path page, String fragment) throws Exception {
        if (!shown.equals(page + fragment)) {
            browser.go(URI.create("about:blank")); // another fragment alone loads nothing
            browser.go(URI.create(page.toUri() + fragment));
            shown = page + fragment;
        }
        browser.run("const c = document.getElementById('count'); c.value = 8; c.dispatchEvent(new Event('change'));"
                + "if (document.getElementById('backwards').checked) document.getElementById('forwards').click();"
                + "for (const e of document.querySelectorAll('.switches input')) if (e.checked !== e.defaultChecked) e.click();"
                + SET_ALPHA.replace("arguments[0]", "0") + "document.activeElement.blur();");
        browser.await(COMPLETE);
    }

    private static float[] shown(int tile, String what) throws Exception {
        return browser.numbers("return [...iadb.shown(arguments[0])[arguments[1]]]", tile, what);
    }

    private static void assertEndsAgree(double tolerance) throws Exception {
        browser.run(SET_ALPHA, 1);
        for (int i = 0; i < browser.run("return document.querySelectorAll('figure').length").getAsInt(); i++) {
            Export map = maps.get(i);
            Box box = map.model().box();
            float[] starts = shown(i, "starts");
            float[] ends = shown(i, "points");
            assertEquals(2 * 256, starts.length);
            double[] expected = SampleAccess.reference(map.model().network(), Solver.EULER, Schedule.LINEAR, STEPS,
                    box.toUnit(starts)).ends();
            for (int c = 0; c < ends.length; c++) {
                assertEquals(c % 2 == 0 ? box.x(expected[c]) : box.y(expected[c]), ends[c], tolerance * box.side(), "map " + i);
            }
        }
    }

    @Test
    void pointsMovedByTheGpuAgreeWithTheReference() throws Exception {
        show(four, "");
        assertEquals("WebGL 2", browser.text("return iadb.shown().renderer"));
        assertEndsAgree(ON_GPU);
        assertArrayEquals(shown(PLAIN, "starts"), shown(ENCODED, "starts"), "the same start points");
        double[] spread = new double[2];
        float[] starts = shown(PLAIN, "starts");
        for (int c = 0; c < starts.length; c++) {
            spread[c % 2] += Math.pow(starts[c] - 0.5, 2) / (starts.length / 2.0);
        }
        for (double square : spread) {
            assertEquals(0.125 * 0.125, square, 4 * 0.125 * 0.125 * Math.sqrt(2.0 / 256), "four deviations of the variance");
        }
        for (int tile : List.of(BOXED, PICTURED)) {
            Export map = maps.get(tile);
            float[] unit = map.model().box().toUnit(shown(tile, "starts"));
            for (int n = 0; n < unit.length; n += 2) {
                assertTrue(map.model().p0().orElseThrow().logDensityAt(unit[n], unit[n + 1]) > -8, "start points of map " + tile);
            }
        }
    }

    @Test
    void javaScriptFunctionsAgreeWithTheReference() throws Exception {
        show(four, "#canvas");
        assertEquals("JavaScript", browser.text("return iadb.shown().renderer"), "as the address asks for");
        float[] unit = TrainedNetwork.starts(COUNT);
        for (int i = 0; i < maps.size(); i++) {
            Model model = maps.get(i).model();
            Box box = model.box();
            Solver solver = Solver.values()[i % 3];
            Schedule schedule = Schedule.values()[i % 2];
            int steps = 4 + i;
            float[] starts = box.toPlane(unit);
            Reference reference = SampleAccess.reference(model.network(), solver, schedule, steps, box.toUnit(starts));
            float[] all = browser.numbers("const [model, solver, schedule, steps] = arguments;"
                    + "const options = {model, solver, schedule, steps};"
                    + "const ends = iadb.map(arguments[4], options);"
                    + "return [...ends, ...iadb.inverse(ends, options), ...iadb.logDensity(ends, options)]"
                    + ".map(v => Number.isFinite(v) ? v : null)",
                    i, solver.toString(), schedule.toString(), steps, starts);
            for (int c = 0; c < 2 * COUNT; c++) {
                double end = c % 2 == 0 ? box.x(reference.ends()[c]) : box.y(reference.ends()[c]);
                assertEquals(end, all[c], IN_JAVASCRIPT * box.side(), "end, map " + i);
                assertEquals(starts[c], all[2 * COUNT + c], IN_JAVASCRIPT * box.side(), "start, map " + i);
            }
            int kinks = 0;
            for (int n = 0; n < COUNT; n++) {
                double logStart = logStart(maps.get(i), box.toUnit(starts), n) + box.logDensityOffset();
                if (Double.isInfinite(logStart)) {
                    assertTrue(Float.isNaN(all[4 * COUNT + n]), "no density, map " + i);
                } else if (reference.onKink()[n]) {
                    kinks++;
                } else {
                    assertEquals(logStart - reference.logDets()[n], all[4 * COUNT + n], IN_JAVASCRIPT, "log-density, map " + i);
                }
            }
            assertTrue(kinks < 0.1 * COUNT, kinks + " points on kinks");
        }
        assertEquals(0, browser.run("return iadb.map([]).length").getAsInt());
        assertEquals("points must be an array x0, y0, x1, y1, ...",
                browser.text("try { iadb.map([1]); } catch (fault) { return fault.message; }"));
    }

    /** The log-density of p0 at start n per unit of the square's area: of gaussian, by its formula. */
    private static double logStart(Export map, float[] unit, int n) {
        double x = unit[2 * n];
        double y = unit[2 * n + 1];
        Density p0 = map.model().p0().orElseThrow();
        return map.startsFromGaussian() ? SourceCode.logAtCentre(map.model()) - 32 * (Math.pow(x - 0.5, 2) + Math.pow(y - 0.5, 2))
                : p0.logDensityAt(x, y);
    }

    /** The mean distance of drawn pixels of the first tile from the square's centre, in units of its side. */
    private static double meanDistance(int paper) throws Exception {
        browser.run("document.getElementById('density').checked = false");
        settle();
        float[] box = browser.numbers("const b = document.querySelector('.frame').getBoundingClientRect();"
                + "return [b.x, b.y, b.width, b.height]");
        BufferedImage picture = browser.screenshot();
        double sum = 0;
        int count = 0;
        for (int y = (int) (box[1] + 0.05 * box[3]); y < box[1] + 0.95 * box[3]; y++) {
            for (int x = (int) (box[0] + 0.05 * box[2]); x < box[0] + 0.95 * box[2]; x++) {
                int colour = picture.getRGB(x, y);
                int away = 0;
                for (int shift = 0; shift < 24; shift += 8) {
                    away = Math.max(away, Math.abs((colour >> shift & 255) - (paper >> shift & 255)));
                }
                if (away > 60) {
                    sum += Math.hypot((x - box[0]) / box[2] - 0.5, (y - box[1]) / box[3] - 0.5) / 0.92;
                    count++;
                }
            }
        }
        assertTrue(count > 256, count + " pixels drawn");
        return sum / count;
    }

    /** Waits until what was set is drawn. */
    private static void settle() throws Exception {
        browser.run("window.drawn = 0; const count = () => { if (++window.drawn < 3) requestAnimationFrame(count); };"
                + "requestAnimationFrame(count);");
        browser.await("window.drawn >= 3");
    }

    @Test
    void pixelsLieWhereTheDensityIs() throws Exception {
        show(one, "");
        assertEquals(0.157, meanDistance(Palette.PAPER), 0.02, "of a Gaussian: sigma times the root of pi/2");
        browser.run(SET_ALPHA, 1);
        assertEquals(0.3, meanDistance(Palette.PAPER), 0.03, "of the ring");
        browser.prefer("light");
        browser.await("document.documentElement.dataset.theme === 'light'");
        assertEquals(0.3, meanDistance(0xF8F9FB), 0.03, "on light paper");
        browser.press("l");
        assertEquals(0.3, meanDistance(Palette.PAPER), 0.03, "by key");
        browser.prefer("dark");
    }

    @Test
    void keysAndControlsWork() throws Exception {
        String alpha = "return document.getElementById('alpha-value').textContent";
        show(one, "");
        browser.press("\uE014"); // right
        browser.await("document.getElementById('alpha-value').textContent === '0.17'");
        browser.press("\uE012"); // left
        browser.await("document.getElementById('alpha-value').textContent === '0.00'");
        for (String key : List.of("c", "d", "t", "g", "v")) {
            String checked = "return [...document.querySelectorAll('.switches input')].map(e => +e.checked).join('')";
            String before = browser.text(checked);
            browser.press(key);
            assertFalse(before.equals(browser.text(checked)), key);
            browser.press(key);
            assertEquals(before, browser.text(checked), key);
        }
        float[] slider = browser.numbers("const b = document.getElementById('alpha').getBoundingClientRect();"
                + "return [b.x + b.width / 2, b.y + b.height / 2]");
        browser.tap("mouse", (long) slider[0], (long) slider[1]);
        browser.await("Math.abs(iadb.shown().alpha - 0.5) < 0.02");
        assertEquals(0.5, Double.parseDouble(browser.text(alpha)), 0.02);
        float[] starts = shown(PLAIN, "starts");
        browser.press("r");
        assertFalse(Arrays.equals(starts, shown(PLAIN, "starts")), "new points");
        browser.run("document.activeElement.blur()");
        browser.press(" ");
        assertEquals("true", browser.text("return document.getElementById('play').getAttribute('aria-pressed')"));
        browser.await("iadb.shown().isComplete && iadb.shown().alpha !== 0.5");
        browser.press(" ");
        browser.press("b");
        browser.await(COMPLETE);
        browser.run(SET_ALPHA, 0);
        assertEquals(0, browser.run("return iadb.shown().alpha").getAsDouble());
        float[] unit = shown(PLAIN, "starts");
        for (int n = 0; n < unit.length; n += 2) {
            assertEquals(0.3, Math.hypot(unit[n] - 0.5, unit[n + 1] - 0.5), 0.15, "the reversed map starts at p1");
        }
        float[] ends = shown(PLAIN, "points");
        double mean = 0;
        for (int n = 0; n < ends.length; n += 2) {
            mean += Math.hypot(ends[n] - 0.5, ends[n + 1] - 0.5) / (ends.length / 2.0);
        }
        assertTrue(mean < 0.25, mean + " from the centre");
        browser.press("b");
        browser.press("h");
        assertTrue(browser.run("return document.getElementById('help').open").getAsBoolean());
        browser.press("\uE00C"); // escape
        browser.await("!document.getElementById('help').open");
    }

    @Test
    void aPhoneShowsAllWithinItsWidthAndATapShowsATrajectory() throws Exception {
        browser.setSize(360, 740, true);
        browser.command("Emulation.setTouchEmulationEnabled", Map.of("enabled", true));
        show(four, "");
        assertEquals(360, browser.run("return document.documentElement.scrollWidth").getAsInt(), "nothing overflows");
        assertEquals(0, browser.run("return [...document.querySelectorAll('button, input, select, summary, canvas, td')]"
                + ".filter(e => e.getBoundingClientRect().right > 360.5).length").getAsInt(), "nothing is cut off");
        float[] at = browser.numbers("const {points} = iadb.shown(), b = document.querySelector('.over').getBoundingClientRect();"
                + "return [b.x + (0.04 + 0.92 * points[0]) * b.width, b.y + (0.96 - 0.92 * points[1]) * b.height]");
        browser.tap("touch", Math.round(at[0]), Math.round(at[1]));
        browser.await("!document.getElementById('card').hidden");
        String numbers = browser.text("return document.getElementById('numbers').textContent");
        assertTrue(numbers.matches("Start 0\\.\\d{3}, 0\\.\\d{3}endlengthlog-densityA0\\.\\d{3}, 0\\.\\d{3}.*"), numbers);
        assertEquals(360, browser.run("return document.documentElement.scrollWidth").getAsInt(), "with the numbers");
        browser.run("document.getElementById('deselect').click()");
        assertTrue(browser.run("return document.getElementById('card').hidden").getAsBoolean());
        browser.command("Emulation.setTouchEmulationEnabled", Map.of("enabled", false));
        browser.setSize(900, 600, false);
    }

    @Test
    void withoutWebGlAPlainCanvasShowsTheSame() throws Exception {
        Browser other = browser;
        String before = shown;
        try (Browser without = Browser.open("--disable-3d-apis")) {
            browser = without;
            shown = "";
            browser.setSize(900, 600, false);
            browser.prefer("dark");
            show(one, "");
            assertEquals("JavaScript", browser.text("return iadb.shown().renderer"));
            browser.await("document.getElementById('status').textContent.includes('Without WebGL 2 (the browser has none)')");
            assertEndsAgree(IN_JAVASCRIPT);
            assertEquals(0.3, meanDistance(Palette.PAPER), 0.03);
            browser.run("for (const id of ['density', 'trails', 'grid', 'arrows']) document.getElementById(id).click();");
            settle();
            assertEquals(List.of(), browser.log("browser").stream().filter(message -> !message.contains("WebGL")).toList());
        } finally {
            browser = other;
            shown = before;
        }
    }

    @Test
    void whenTheGpuStopsJavaScriptContinues() throws Exception {
        show(one, "");
        shown = "";
        browser.run("document.querySelector('.frame canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()");
        browser.await("iadb.shown().renderer === 'JavaScript' && iadb.shown().isComplete");
        assertEndsAgree(IN_JAVASCRIPT);
        assertEquals("14", browser.text("return document.getElementById('count').max"), "as many as JavaScript moves");
    }

    @Test
    void nothingLeavesThePage() throws Exception {
        browser.log("performance");
        browser.log("browser");
        shown = "";
        show(one, "");
        browser.run("for (const id of ['trails', 'grid', 'arrows']) document.getElementById(id).click();"
                + "const s = document.getElementById('solver');"
                + "for (const name of ['midpoint', 'euler']) { s.value = name; s.dispatchEvent(new Event('change')); }");
        settle();
        List<String> requests = new ArrayList<>();
        for (String message : browser.log("performance")) {
            var event = JsonParser.parseString(message).getAsJsonObject().getAsJsonObject("message");
            if (event.get("method").getAsString().equals("Network.requestWillBeSent")) {
                requests.add(event.getAsJsonObject("params").getAsJsonObject("request").get("url").getAsString());
            }
        }
        assertTrue(requests.contains(one.toUri().toString()), requests.toString());
        assertTrue(requests.stream().allMatch(url -> url.equals(one.toUri().toString()) || url.startsWith("data:")
                || url.equals("about:blank")), requests.toString());
        assertEquals(List.of(), browser.log("browser"));
    }

    @Test
    void hostileTextDoesNotBecomeMarkup() throws Exception {
        Network network = Network.initial(new NetworkShape(16, 1, 8), 1);
        Density p0 = ImageDensity.of(HOSTILE, 1, 1, new short[] {1});
        String configuration = "{\"" + HOSTILE + "\":\"" + HOSTILE + "\",\"encoding\":\"" + HOSTILE.replace("\"", "\\\"") + "\"}";
        Model model = new Model(network, Optional.of(p0), Optional.of(p0), Map.of("configuration", configuration, "seed", HOSTILE,
                "program", HOSTILE, HOSTILE, HOSTILE));
        Path file = folder.resolve("x\"') ; <b> \u202e日.html");
        WebPage.write(Collections.nCopies(2, new Export(model, Solver.EULER, Schedule.LINEAR, 1)), file);
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertTrue(text.chars().allMatch(c -> c == '\n' || c >= ' ' && c <= '~'), "plain ASCII");
        assertFalse(text.contains("<img"), "markup");
        browser.log("browser");
        shown = "";
        browser.go(URI.create(file.toUri() + "#canvas"));
        String shown = HOSTILE.replace('\u202e', '?').replace('\u2028', '?');
        assertEquals(shown + " \u2192 " + shown, browser.text("return document.getElementById('title').textContent"));
        assertEquals(shown + " \u2192 " + shown, browser.text("return document.title"));
        assertEquals(0, browser.run("return document.querySelectorAll('img, [onerror]').length").getAsInt());
        assertEquals(2, browser.run("return document.scripts.length").getAsInt());
        assertEquals(List.of(), browser.log("browser"));
    }

    @Test
    void aPageOfADefaultModelIsSmall() throws IOException {
        Path file = folder.resolve("one.html");
        Density spiral = NamedDensities.find("spiral").orElseThrow();
        map(TrainedNetwork.get(), TrainedNetwork.P0, spiral).write(file, Export.Function.MAP);
        assertTrue(Files.size(file) <= 250_000, Files.size(file) + " bytes");
    }

    @Test
    void aPageShowsAtMostFourMaps() {
        List<Export> five = Collections.nCopies(5, maps.get(0));
        assertEquals("a page shows 1 to 4 models, not 5",
                assertThrows(InvalidInputException.class, () -> WebPage.write(five, folder.resolve("five.html"))).getMessage());
    }
}
