package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.test.RedisCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;

/** The page as a visitor has it, in a real browser. The tests are in an order: what disturbs publishing comes last. */
@ExtendWith(BrowserRequired.class)
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@DirtiesContext
class PageTests {

    private static final Duration SOON = Duration.ofSeconds(30);

    private static Browser browser;

    @LocalServerPort
    private int port;

    @Autowired
    private PageStream stream;

    @Autowired
    private RedisCluster cluster;

    @BeforeAll
    static void startBrowser() {
        browser = new Browser();
    }

    @AfterAll
    static void closeBrowser() {
        browser.close();
    }

    @BeforeEach
    void openThePage() {
        browser.look(1280, 800, false);
        browser.open("http://localhost:" + this.port + "/");
        allAlive();
    }

    @AfterEach
    void nothingWasComplainedOf() {
        assertThat(browser.complaints()).isEmpty();
    }

    private static ConditionFactory soon() {
        return await().atMost(SOON).ignoreExceptions();
    }

    private static void allAlive() {
        soon().untilAsserted(() -> {
            assertThat(browser.text("#alive")).isEqualTo("120");
            assertThat(browser.text("#all")).isEqualTo("120");
        });
    }

    private static String result(String control) {
        return (String) Objects.requireNonNull(browser.run(
                "return arguments[0].closest('.action').querySelector('.result').textContent",
                browser.element(control)));
    }

    private static void awaitResult(String control, String expected) {
        soon().untilAsserted(() -> assertThat(result(control)).contains(expected));
    }

    private static void awaitTimeline(String expected) {
        soon().untilAsserted(() -> assertThat(browser.text("#timeline")).contains(expected));
    }

    private static void reshard(int slots) {
        browser.element("#slots").clear();
        browser.element("#slots").sendKeys(String.valueOf(slots));
        browser.click("#reshard button");
        awaitResult("#reshard button", slots + " slots moved in");
    }

    @Test
    @Order(1)
    void theNumbersAreLive() {
        assertThat(browser.count("#ring .beads circle")).isEqualTo(120);
        assertThat(browser.count("#shards article")).isEqualTo(3);
        assertThat(browser.count("#shards li.master")).isEqualTo(3);
        assertThat(browser.count("#shards li.replica")).isEqualTo(3);
        soon().until(() -> browser.count("#shards li.master .link.on") == 3);
        long heard = browser.number("#figures div:nth-child(2) dd");
        soon().until(() -> browser.number("#figures div:nth-child(2) dd") > heard + 240);
        soon().until(() -> browser.number("#figures div:nth-child(1) dd") > 120);
        soon().until(() -> browser.count("#plot path.layer") == 3);
        assertThat(browser.text("#lost")).isEqualTo("0");
    }

    @Test
    @Order(1)
    void theCouriersMove() {
        String picture = "return document.getElementById('city').toDataURL()";
        Object before = browser.run(picture);
        soon().until(() -> !Objects.equals(before, browser.run(picture)));
    }

    @Test
    @Order(1)
    void theTableSaysWhatMapAndRingShow() {
        browser.click("#channels summary");
        soon().until(() -> browser.count("#rows tr") == 120);
        assertThat(browser.text("#rows tr:nth-child(7)"))
                .contains("courier:{7}")
                .contains(String.valueOf(RedisCluster.slot("courier:{7}")))
                .contains("subscribed");
    }

    @Test
    @Order(1)
    void aPageThatIsLeftIsForgotten() {
        assertThat(this.stream.clients()).isPositive();
        browser.open("about:blank");
        soon().until(() -> this.stream.clients() == 0);
    }

    @ParameterizedTest
    @Order(2)
    @CsvSource({"390, 844, false", "390, 844, true", "1280, 800, false", "1920, 1080, true"})
    void everybodyCanUseIt(int width, int height, boolean dark) {
        browser.look(width, height, dark);
        browser.click("#channels summary");
        soon().until(() -> browser.count("#rows tr") == 120);
        assertThat(browser.accessibilityProblems()).isEmpty();
        assertThat(browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
                .as("nothing is wider than the screen")
                .isEqualTo(true);
    }

    @Test
    @Order(3)
    void aMoveThroughTheButtonMovesTheChannel() {
        browser.run("document.getElementById('channel').value = 'courier:{7}'");
        browser.click("#move button");
        awaitResult("#move button", "Slot " + RedisCluster.slot("courier:{7}") + " moved from");
        awaitTimeline("slot moved");
        allAlive();
    }

    @Test
    @Order(3)
    void aReshardThroughTheButtonSilencesNobody() {
        reshard(60);
        awaitTimeline("slots moved");
        awaitTimeline("followed without a gap");
        allAlive();
        assertThat(browser.number("#lost"))
                .as("what is lost is lost in an interruption")
                .isLessThanOrEqualTo(browser.number("#figures div:nth-child(4) dd"));
        assertThat(browser.element("#progress").isDisplayed()).isFalse();
    }

    @Test
    @Order(3)
    void aRefusalIsShown() {
        browser.run("fetch('api/reshard?slots=40&millis=100', {method: 'POST'})");
        soon().until(() -> browser.element("#progress").isDisplayed());
        browser.click("#move button");
        awaitResult("#move button", "being changed by somebody else");
        soon().until(() -> !browser.element("#progress").isDisplayed());
        // the console has the refusal, too
        assertThat(browser.complaints()).hasSize(1).first().asString().contains("409");
    }

    @Test
    @Order(4)
    void lettuceAloneGoesSilentBesideUs() {
        browser.click("#lettuce");
        awaitResult("#lettuce", "listens to the same channels");
        soon().until(() -> browser.element("#lettuce-map").isDisplayed());
        long lost = browser.number("#lost");
        await().atMost(SOON)
                .during(ListeningTally.PATIENCE.plusSeconds(1))
                .until(() ->
                        browser.text("#versus").equals("Lettuce alone: 120 of 120 channels alive, 0 messages lost"));
        reshard(60);
        soon().untilAsserted(() -> {
            assertThat(browser.text("#versus"))
                    .matches("Lettuce alone: \\d\\d? of 120 channels alive, [1-9][\\d,]* messages lost");
            assertThat(browser.text("#timeline")).contains("Lettuce alone:");
        });
        allAlive();
        assertThat(browser.number("#lost") - lost)
                .as("of ours, of some hundreds that Lettuce alone has missed")
                .isLessThan(10);
        assertThat(browser.accessibilityProblems()).isEmpty();
        browser.click("#lettuce");
        soon().until(() -> !browser.element("#lettuce-map").isDisplayed());
    }

    @Test
    @Order(5)
    void aFailoverThroughTheButtonPromotesTheReplica() {
        browser.click("#shards li.master button[aria-label^='Fail over']");
        soon().until(() -> browser.text("#shards").contains("has taken over"));
        awaitTimeline("is promoted to master");
        allAlive();
        this.cluster.awaitAgreement();
    }

    @Test
    @Order(6)
    void aMasterIsKilledAndStartedAgainThroughTheButtons() {
        browser.click("#shards article:last-child li.master button[aria-label^='Kill']");
        awaitTimeline("is down");
        awaitTimeline("restored after");
        allAlive();
        browser.click("#shards li.down button[aria-label^='Restart']");
        soon().until(() -> browser.text("#shards").contains("is running again"));
        awaitTimeline("is back");
        allAlive();
    }

    @Test
    @Order(7)
    void aNodeIsAddedThroughTheButton() {
        browser.click("#add");
        awaitResult("#add", "has joined, and has the slots of 30 channels");
        soon().until(() -> browser.count("#shards article") == 4);
        allAlive();
    }

    @Test
    @Order(8)
    void everythingAtOnceIsSurvived() {
        browser.click("#everything");
        await().atMost(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(result("#everything")).contains("60 slots moved"));
        allAlive();
    }

    @ParameterizedTest
    @Order(9)
    @EnabledIfSystemProperty(named = "browser.screenshots", matches = ".+")
    @CsvSource({
        "390, 844, false",
        "390, 844, true",
        "1280, 800, false",
        "1280, 800, true",
        "1920, 1080, false",
        "1920, 1080, true"
    })
    void screenshots(int width, int height, boolean dark) throws Exception {
        browser.look(width, height, dark);
        soon().until(() -> browser.count("#plot path.layer") > 0);
        Path folder = Files.createDirectories(Path.of(System.getProperty("browser.screenshots")));
        Files.write(folder.resolve("page-" + width + (dark ? "-dark" : "-light") + ".png"), browser.screenshot());
    }
}
