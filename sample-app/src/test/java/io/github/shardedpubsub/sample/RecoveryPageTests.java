package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;

/** The page's switch for channels that remember, in a real browser. */
@ExtendWith(BrowserRequired.class)
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, properties = "sample.interval=100ms")
@DirtiesContext
class RecoveryPageTests {

    private static final Duration SOON = Duration.ofSeconds(30);

    private static Browser browser;

    @LocalServerPort
    private int port;

    @Autowired
    private OverviewController overview;

    @BeforeAll
    static void startBrowser() {
        browser = new Browser();
    }

    @AfterAll
    static void closeBrowser() {
        browser.close();
    }

    private static String result(String control) {
        return (String) Objects.requireNonNull(browser.run(
                "return arguments[0].closest('.action').querySelector('.result').textContent",
                browser.element(control)));
    }

    private static void allAlive() {
        await().atMost(SOON)
                .ignoreExceptions()
                .until(() -> browser.text("#alive").equals("120"));
    }

    private Map<String, Long> heard() {
        return this.overview.overview().channels().stream()
                .collect(Collectors.toMap(Overview.Channel::channel, Overview.Channel::received));
    }

    @Test
    void withTheSwitchOnNothingIsLostWhateverHappens() {
        browser.open("http://localhost:" + this.port + "/");
        allAlive();
        assertThat(browser.element("#memory").isDisplayed()).isFalse();

        browser.click("#recovery");
        await().atMost(SOON).until(() -> result("#recovery").contains("The channels remember now"));
        await().atMost(SOON).until(() -> browser.element("#memory").isDisplayed());
        assertThat(browser.number("#lost")).isZero();
        browser.run("""
                window.most = 0;
                new MutationObserver(() => {
                  window.most = Math.max(window.most, Number(document.getElementById('lost').textContent.replace(/[^0-9]/g, '')));
                }).observe(document.getElementById('lost'), { childList: true, characterData: true, subtree: true });""");
        assertThat(browser.accessibilityProblems()).isEmpty();

        browser.click("#everything");
        await().atMost(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(result("#everything")).contains("60 slots moved"));
        allAlive();
        Map<String, Long> before = heard();
        // a channel's messages come in their order: what was to come before them has come, or is lost
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(heard())
                        .allSatisfy((channel, count) ->
                                assertThat(count).isGreaterThan(Objects.requireNonNull(before.get(channel)))));

        await().atMost(SOON).until(() -> browser.number("#recovered") > 0);
        assertThat(browser.text("#timeline")).contains("recovered from the channels’ histories");
        assertThat(browser.number("#lost")).isZero();
        assertThat(browser.run("return window.most"))
                .as("the most that the counter has shown")
                .isEqualTo(0L);
        Overview.Totals totals = this.overview.overview().totals();
        assertThat(totals.lost()).isZero();
        assertThat(totals.doubled()).isZero();
        assertThat(totals.outOfOrder()).isZero();
        assertThat(browser.text("#timeline")).doesNotContain("could not recover all");

        browser.click("#recovery");
        await().atMost(SOON).until(() -> result("#recovery").contains("remember nothing"));
        await().atMost(SOON).until(() -> !browser.element("#memory").isDisplayed());
        allAlive();
        assertThat(browser.complaints()).isEmpty();
    }
}
