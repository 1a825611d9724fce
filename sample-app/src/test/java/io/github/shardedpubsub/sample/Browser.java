package io.github.shardedpubsub.sample;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * The machine's own Chromium with its driver, or those that {@code -Dbrowser.binary} and {@code -Dbrowser.driver} name; nothing is
 * downloaded. Where there is none, tests are skipped, unless {@code -Dbrowser.required=true}.
 */
final class Browser implements AutoCloseable {

    private static final List<String> BROWSERS =
            List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");

    private static final List<String> DRIVERS = List.of(
            "/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver");

    private static final String AXE = """
            const done = arguments[arguments.length - 1];
            axe.run(document).then(found => done(found.violations
                .filter(each => each.impact === 'serious' || each.impact === 'critical')
                .map(each => each.id + ': ' + each.help + '\\n' + each.nodes.slice(0, 3)
                    .map(node => '  ' + node.html + '\\n  ' + node.failureSummary).join('\\n'))),
                failure => done(['axe failed: ' + failure]));
            """;

    private final ChromeDriver driver;

    Browser() {
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(required("browser.binary", BROWSERS));
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
                "--force-color-profile=srgb",
                "--window-size=1280,800");
        options.setCapability("goog:loggingPrefs", logs);
        this.driver = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(
                                Path.of(required("browser.driver", DRIVERS)).toFile())
                        .usingAnyFreePort()
                        .build(),
                options);
        this.driver.manage().timeouts().scriptTimeout(Duration.ofSeconds(60));
    }

    /** Whether one can be used here. */
    static boolean isHere() {
        return found("browser.binary", BROWSERS).isPresent()
                && found("browser.driver", DRIVERS).isPresent();
    }

    private static Optional<String> found(String property, List<String> usual) {
        String named = System.getProperty(property);
        return (named != null ? Stream.of(named) : usual.stream())
                .filter(program -> Files.isExecutable(Path.of(program)))
                .findFirst();
    }

    private static String required(String property, List<String> usual) {
        return found(property, usual)
                .orElseThrow(() -> new IllegalStateException(
                        "None of " + usual + " is here, and -D" + property + " names no other"));
    }

    void open(String address) {
        this.driver.get(address);
    }

    /** As a screen of this size, in CSS pixels, in light or dark. */
    void look(int width, int height, boolean dark) {
        boolean phone = width < 600;
        this.driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", phone ? 2 : 1, "mobile", phone));
        this.driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    String text(String selector) {
        return Objects.requireNonNullElse(
                        this.driver.findElement(By.cssSelector(selector)).getDomProperty("textContent"), "")
                .strip();
    }

    long number(String selector) {
        return Long.parseLong(text(selector).replaceAll("[^0-9]", ""));
    }

    int count(String selector) {
        return this.driver.findElements(By.cssSelector(selector)).size();
    }

    WebElement element(String selector) {
        return this.driver.findElement(By.cssSelector(selector));
    }

    /** Clicks it as the pointer would, wherever it is on the page. */
    void click(String selector) {
        WebElement element = element(selector);
        this.driver.executeScript("arguments[0].scrollIntoView({block: 'center'})", element);
        element.click();
    }

    @Nullable
    Object run(String script, Object... arguments) {
        return this.driver.executeScript(script, arguments);
    }

    /** What axe-core finds serious or critical on the page as it is. */
    List<?> accessibilityProblems() {
        this.driver.executeScript(resource("/axe.min.js"));
        return (List<?>) Objects.requireNonNull(this.driver.executeAsyncScript(AXE));
    }

    private static String resource(String name) {
        try (InputStream script = Objects.requireNonNull(Browser.class.getResourceAsStream(name), name)) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** What the console has of warnings and errors since this was asked last. */
    List<String> complaints() {
        Stream<LogEntry> logged = this.driver.manage().logs().get(LogType.BROWSER).getAll().stream();
        return logged.filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::toString)
                .toList();
    }

    byte[] screenshot() {
        return this.driver.getScreenshotAs(OutputType.BYTES);
    }

    @Override
    public void close() {
        this.driver.quit();
    }
}
