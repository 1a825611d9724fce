package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.test.RedisCluster;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.springframework.aot.AotDetector;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole sample on its embedded cluster. The tests are in an order: what disturbs publishing comes last. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT, properties = "sample.interval=100ms")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SampleApplicationTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final HttpClient http = HttpClient.newHttpClient();

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    @Autowired
    private RedisCluster cluster;

    @Autowired
    private MeterRegistry meters;

    @Autowired
    private ApplicationContext context;

    private record Answer(int status, JsonNode body) {}

    private Answer request(String method, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .timeout(Duration.ofSeconds(60))
                .build();
        HttpResponse<String> response = this.http.send(request, HttpResponse.BodyHandlers.ofString());
        return new Answer(response.statusCode(), this.json.readTree(response.body()));
    }

    private JsonNode overview() throws Exception {
        Answer answer = request("GET", "/api/overview");
        assertThat(answer.status()).isEqualTo(200);
        return answer.body();
    }

    private static Map<String, JsonNode> channels(JsonNode overview) {
        return overview.get("channels")
                .valueStream()
                .collect(Collectors.toMap(each -> each.get("channel").asString(), each -> each));
    }

    private static JsonNode named(Map<String, JsonNode> channels, String name) {
        return Objects.requireNonNull(channels.get(name), name);
    }

    private void everyChannelSubscribedAndReceiving(Duration limit) throws Exception {
        Map<String, JsonNode> before = channels(overview());
        await().atMost(limit)
                .untilAsserted(() -> assertThat(channels(overview())).allSatisfy((name, channel) -> {
                    assertThat(channel.get("state").asString()).isEqualTo("SUBSCRIBED");
                    assertThat(channel.get("received").asLong())
                            .isGreaterThan(named(before, name).get("received").asLong());
                }));
    }

    private void healthIs(String status) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(request("GET", "/actuator/health")
                                .body()
                                .get("components")
                                .get("shardedPubSub")
                                .get("status")
                                .asString())
                        .isEqualTo(status));
    }

    private void nothingDoubledOrOutOfOrder() throws Exception {
        JsonNode totals = overview().get("totals");
        assertThat(totals.get("doubled").asLong()).isZero();
        assertThat(totals.get("outOfOrder").asLong()).isZero();
        assertThat(this.meters.get("sharded.pubsub.out.of.step").counter().count())
                .isZero();
    }

    /** With {@code -Paot}; it would be easy to run the tests so and not to notice that nothing was generated. */
    @Test
    @Order(0)
    @EnabledIfSystemProperty(named = AotDetector.AOT_ENABLED, matches = "true")
    void theContextWasProcessedAheadOfTime() {
        assertThat(this.context.containsBeanDefinition(
                        AnnotationConfigUtils.CONFIGURATION_ANNOTATION_PROCESSOR_BEAN_NAME))
                .isFalse();
    }

    @Test
    @Order(1)
    void theOverviewIsComplete() throws Exception {
        everyChannelSubscribedAndReceiving(SOON);
        JsonNode overview = overview();
        assertThat(overview.get("nodes")).hasSize(6);
        assertThat(overview.get("nodes")
                        .valueStream()
                        .mapToInt(node -> node.get("slots").asInt())
                        .sum())
                .isEqualTo(RedisCluster.SLOTS);
        assertThat(overview.get("channels")).hasSize(120);
        JsonNode channel = overview.get("channels").get(0);
        assertThat(channel.propertyNames())
                .contains(
                        "channel",
                        "slot",
                        "node",
                        "state",
                        "published",
                        "received",
                        "lost",
                        "interruptions",
                        "lastInterruptionMillis");
        assertThat(channel.get("slot").asInt())
                .isEqualTo(RedisCluster.slot(channel.get("channel").asString()));
        assertThat(overview.get("totals").get("subscribed").asInt()).isEqualTo(120);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(
                                overview().path("announcement").path("text").asString(""))
                        .startsWith("Announcement"));
        healthIs("UP");
    }

    @Test
    @Order(2)
    void aMovedChannelGoesOnAtTheOtherNode() throws Exception {
        Answer move = request("POST", "/api/channels/courier:%7B7%7D/move");
        assertThat(move.status()).isEqualTo(200);
        assertThat(move.body().get("slot").asInt()).isEqualTo(RedisCluster.slot("courier:{7}"));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(named(channels(overview()), "courier:{7}")
                                .get("node")
                                .asString())
                        .isEqualTo(move.body().get("to").asString()));
        everyChannelSubscribedAndReceiving(SOON);
        nothingDoubledOrOutOfOrder();
    }

    @Test
    @Order(3)
    void twoHundredMovesSilenceNoChannel() throws Exception {
        Timer interruptions = this.meters
                .get("sharded.pubsub.interruptions")
                .tag("cause", "ended_by_server")
                .timer();
        // a move that was seen coming interrupts nothing
        Counter handovers = this.meters.get("sharded.pubsub.handovers").counter();
        double before = interruptions.count() + handovers.count();
        Answer reshard = request("POST", "/api/reshard?slots=200");
        assertThat(reshard.status()).isEqualTo(200);
        assertThat(reshard.body().get("moved").asInt()).isEqualTo(200);
        everyChannelSubscribedAndReceiving(Duration.ofSeconds(1));
        healthIs("UP");
        assertThat(interruptions.count() + handovers.count() - before).isEqualTo(200);
        nothingDoubledOrOutOfOrder();
    }

    @Test
    @Order(4)
    void closedConnectionsBringEveryChannelBack() throws Exception {
        Map<String, JsonNode> before = channels(overview());
        assertThat(this.cluster.killClients("pubsub")).isEqualTo(3);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(channels(overview()))
                        .allSatisfy((name, channel) -> assertThat(
                                        channel.get("interruptions").asLong())
                                .isGreaterThan(
                                        named(before, name).get("interruptions").asLong())));
        everyChannelSubscribedAndReceiving(SOON);
        healthIs("UP");
        nothingDoubledOrOutOfOrder();
    }

    @Test
    @Order(5)
    void wrongNamesAndNumbersAreAnsweredWithTheReason() throws Exception {
        Answer channel = request("POST", "/api/channels/nobody/move");
        assertThat(channel.status()).isEqualTo(404);
        assertThat(channel.body().get("detail").asString()).contains("nobody");
        Answer slots = request("POST", "/api/reshard?slots=0");
        assertThat(slots.status()).isEqualTo(400);
        assertThat(slots.body().get("detail").asString()).contains("1 to 1000");
        assertThat(request("POST", "/api/reshard?slots=many").status()).isEqualTo(400);
        assertThat(request("POST", "/api/reshard").status()).isEqualTo(400);
        Answer node = request("POST", "/api/nodes/abc/kill");
        assertThat(node.status()).isEqualTo(404);
        assertThat(node.body().get("detail").asString()).contains("abc");
        String id = this.cluster.nodes().get(0).id();
        Answer running = request("POST", "/api/nodes/" + id + "/restart");
        assertThat(running.status()).isEqualTo(409);
        assertThat(running.body().get("detail").asString()).contains("is running");
    }

    @Test
    @Order(6)
    void aFailoverTakesTheChannelsToTheReplica() throws Exception {
        String id = this.cluster.masters().get(0).id();
        assertThat(request("POST", "/api/nodes/" + id + "/failover").status()).isEqualTo(200);
        everyChannelSubscribedAndReceiving(SOON);
        healthIs("UP");
    }

    @Test
    @Order(7)
    void aKilledMasterIsReplacedAndComesBack() throws Exception {
        this.cluster.awaitAgreement();
        String id = this.cluster.masters().get(0).id();
        assertThat(request("POST", "/api/nodes/" + id + "/kill").status()).isEqualTo(200);
        Answer failover = request("POST", "/api/nodes/" + id + "/failover");
        assertThat(failover.status()).isEqualTo(409);
        assertThat(failover.body().get("detail").asString()).contains("is down");
        everyChannelSubscribedAndReceiving(Duration.ofSeconds(40));
        assertThat(request("POST", "/api/nodes/" + id + "/restart").status()).isEqualTo(200);
        everyChannelSubscribedAndReceiving(SOON);
        healthIs("UP");
    }
}
