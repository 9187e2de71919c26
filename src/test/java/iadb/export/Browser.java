package iadb.export;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import iadb.Prerequisite;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/** A headless Chromium, driven by the WebDriver protocol (W3C) through chromedriver; it renders WebGL on the CPU. */
final class Browser implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("started successfully on port (\\d+)");

    private static final int SCRIPT_MILLIS = 60_000; // a guard against hanging

    private final HttpClient client = HttpClient.newHttpClient();
    private final Process driver;
    private final String address; // of the driver, then of the session

    /** Skips the test if there is no chromedriver; starts the browser with more arguments. */
    static Browser open(String... arguments) throws IOException, InterruptedException {
        Process process = null;
        try {
            process = new ProcessBuilder("chromedriver", "--port=0").redirectErrorStream(true).start();
        } catch (IOException e) {
            Prerequisite.require(false, "no browser: install chromium and chromium-driver");
        }
        try {
            return new Browser(process, arguments);
        } catch (IOException | InterruptedException | RuntimeException | AssertionError e) {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
            throw e;
        }
    }

    private Browser(Process driver, String... arguments) throws IOException, InterruptedException {
        this.driver = driver;
        BufferedReader lines = new BufferedReader(new InputStreamReader(driver.getInputStream(), StandardCharsets.UTF_8));
        Matcher port = PORT.matcher("");
        for (String line = lines.readLine(); line != null && !port.reset(line).find();) {
            line = lines.readLine();
        }
        Thread drain = new Thread(() -> lines.lines().forEach(line -> { }), "chromedriver");
        drain.setDaemon(true);
        drain.start();
        List<String> all = new ArrayList<>(List.of("--headless=new", "--no-sandbox", "--hide-scrollbars",
                "--use-angle=swiftshader", "--enable-unsafe-swiftshader"));
        all.addAll(List.of(arguments));
        String sessions = "http://127.0.0.1:" + port.group(1) + "/session";
        Map<String, ?> capabilities = Map.of("goog:chromeOptions", Map.of("args", all),
                "timeouts", Map.of("script", SCRIPT_MILLIS), "goog:loggingPrefs", Map.of("browser", "ALL", "performance", "ALL"));
        JsonElement session = send("POST", sessions, Map.of("capabilities", Map.of("alwaysMatch", capabilities)));
        address = sessions + "/" + session.getAsJsonObject().get("sessionId").getAsString();
    }

    /** @param body null: none */
    private JsonElement send(String method, String to, Object body) throws IOException, InterruptedException {
        HttpRequest.BodyPublisher content = body == null ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(new Gson().toJson(body));
        HttpRequest request = HttpRequest.newBuilder(URI.create(to)).method(method, content).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, response.statusCode(), response::body);
        return JsonParser.parseString(response.body()).getAsJsonObject().get("value");
    }

    private JsonElement post(String path, Object body) throws IOException, InterruptedException {
        return send("POST", address + path, body);
    }

    void go(URI to) throws IOException, InterruptedException { post("/url", Map.of("url", to.toString())); }

    /** The value that a function's body returns. */
    JsonElement run(String script, Object... arguments) throws IOException, InterruptedException {
        return post("/execute/sync", Map.of("script", script, "args", arguments));
    }

    String text(String script) throws IOException, InterruptedException { return run(script).getAsString(); }

    /** The numbers in an array that a function's body returns; null becomes NaN. */
    float[] numbers(String script, Object... arguments) throws IOException, InterruptedException {
        JsonArray array = run(script, arguments).getAsJsonArray();
        float[] numbers = new float[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = array.get(i).isJsonNull() ? Float.NaN : array.get(i).getAsFloat();
        }
        return numbers;
    }

    /** Waits, in the page, until a condition is true. */
    void await(String condition) throws IOException, InterruptedException {
        run("return new Promise(resolve => {"
                + "const look = () => { if (" + condition + ") resolve(true); else setTimeout(look, 10); }; look(); })");
    }

    /** Sends a command of the browser's debugging protocol. */
    void command(String name, Map<String, ?> parameters) throws IOException, InterruptedException {
        post("/goog/cdp/execute", Map.of("cmd", name, "params", parameters));
    }

    void setSize(int width, int height, boolean isPhone) throws IOException, InterruptedException {
        command("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", isPhone));
    }

    void prefer(String scheme) throws IOException, InterruptedException {
        command("Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Presses and releases a key. */
    void press(String key) throws IOException, InterruptedException {
        act(Map.of("type", "key", "id", "keyboard", "actions", List.of(Map.of("type", "keyDown", "value", key),
                Map.of("type", "keyUp", "value", key))));
    }

    /**
     * Taps or clicks at a place of the viewport.
     *
     * @param pointer {@code touch} or {@code mouse}
     */
    void tap(String pointer, long x, long y) throws IOException, InterruptedException {
        act(Map.of("type", "pointer", "id", pointer, "parameters", Map.of("pointerType", pointer), "actions", List.of(
                Map.of("type", "pointerMove", "duration", 0, "x", x, "y", y), Map.of("type", "pointerDown", "button", 0),
                Map.of("type", "pointerUp", "button", 0))));
    }

    private void act(Map<String, ?> actions) throws IOException, InterruptedException {
        post("/actions", Map.of("actions", List.of(actions)));
    }

    BufferedImage screenshot() throws IOException, InterruptedException {
        byte[] png = Base64.getDecoder().decode(send("GET", address + "/screenshot", null).getAsString());
        return ImageIO.read(new ByteArrayInputStream(png));
    }

    /** The messages of a log, {@code browser} or {@code performance}, since the last call. */
    List<String> log(String type) throws IOException, InterruptedException {
        List<String> messages = new ArrayList<>();
        post("/se/log", Map.of("type", type)).getAsJsonArray()
                .forEach(entry -> messages.add(entry.getAsJsonObject().get("message").getAsString()));
        return messages;
    }

    @Override
    public void close() throws IOException {
        try {
            send("DELETE", address, null);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            driver.descendants().forEach(ProcessHandle::destroy);
            driver.destroy();
        }
    }
}
