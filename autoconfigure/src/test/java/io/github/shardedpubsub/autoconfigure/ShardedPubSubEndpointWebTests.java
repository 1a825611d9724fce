package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.ShardedListenerEndpoint;
import io.github.shardedpubsub.listener.ShardedRedisListenerRegistry;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.RecoveryCounts;
import io.github.shardedpubsub.recovery.RecoveryStatus;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.recovery.StreamPosition;
import io.github.shardedpubsub.recovery.ToldLoss;
import io.github.shardedpubsub.subscription.ChannelQuery;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.AvailabilityProbesAutoConfiguration;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.http.converter.autoconfigure.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.actuate.endpoint.web.WebMvcHealthEndpointExtensionAutoConfiguration;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.http.HttpMethod;
import org.springframework.test.json.JsonContent;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.test.web.servlet.request.MockMvcRequestBuilders;

/**
 * The endpoint as it is seen over HTTP: its JSON is what others rely on.
 */
class ShardedPubSubEndpointWebTests {

    private static final Path DOCUMENT = Path.of("..", "docs", "endpoint.md");

    private static final Instant SINCE = Instant.parse("2026-05-04T10:00:00.25Z");

    private static final NodeAddress NODE = new NodeAddress("127.0.0.1", 7001);

    private static final NodeAddress BEFORE = new NodeAddress("127.0.0.1", 7000);

    private static final Interruption OVER = new Interruption(
            InterruptionCause.ENDED_BY_SERVER,
            SINCE.minusMillis(12),
            BEFORE,
            Duration.ofMillis(12),
            "MOVED 42 127.0.0.1:7001");

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions()
            .with(
                    new ChannelStatus("orders:{eu}", 42, ChannelState.SUBSCRIBED, SINCE, NODE, OVER, 1, null),
                    new ChannelStatus("prices", 43, ChannelState.WANTED, SINCE, null, null, 0, null))
            .with(new NodeStatus(NODE, true, SINCE, 1, null))
            .with(new ChannelTransition(
                    ChannelName.of("orders:{eu}"),
                    42,
                    ChannelState.INTERRUPTED,
                    ChannelState.SUBSCRIBED,
                    NODE,
                    OVER,
                    SINCE,
                    "confirmed"));

    private final ShardedRedisListenerRegistry listeners = new ShardedRedisListenerRegistry();

    private final ShardRecovery recovery = mock();

    @BeforeEach
    void givenAChannelWithAHistory() {
        StreamPosition after = StreamPosition.parse("5f7053b90a1b2c3d/7-1");
        StreamPosition before = StreamPosition.parse("5f7053b90a1b2c3d/9-0");
        ToldLoss loss = new ToldLoss(SINCE, "orders:{eu}", new HistoryLoss(HistoryLoss.Cause.TRIMMED, after, before));
        RecoveryStatus status = new RecoveryStatus(
                "orders:{eu}", 2, 1, SINCE, before, 30, 1, loss, "NOPERM this user has no permissions");
        given(this.recovery.channel(ChannelName.of("orders:{eu}"))).willReturn(Optional.of(status));
        given(this.recovery.channels()).willReturn(1);
        given(this.recovery.counts()).willReturn(new RecoveryCounts(30, 4, 2, 6, 1));
        given(this.recovery.lastLosses()).willReturn(List.of(loss));
    }

    private void run(Consumer<MockMvcTester> test) {
        run("UNRESTRICTED", test);
    }

    private void run(String access, Consumer<MockMvcTester> test) {
        new WebApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        JacksonAutoConfiguration.class,
                        HttpMessageConvertersAutoConfiguration.class,
                        DispatcherServletAutoConfiguration.class,
                        WebMvcAutoConfiguration.class,
                        ManagementContextAutoConfiguration.class,
                        EndpointAutoConfiguration.class,
                        JacksonEndpointAutoConfiguration.class,
                        WebEndpointAutoConfiguration.class,
                        HealthContributorAutoConfiguration.class,
                        HealthContributorRegistryAutoConfiguration.class,
                        HealthEndpointAutoConfiguration.class,
                        ApplicationAvailabilityAutoConfiguration.class,
                        AvailabilityProbesAutoConfiguration.class,
                        WebMvcHealthEndpointExtensionAutoConfiguration.class,
                        ShardedPubSubHealthAutoConfiguration.class,
                        ShardedPubSubEndpointAutoConfiguration.class))
                .withBean(ShardSubscriptions.class, () -> this.subscriptions)
                .withBean(ShardedRedisListenerRegistry.class, () -> this.listeners)
                .withBean(ShardRecovery.class, () -> this.recovery)
                .withPropertyValues(
                        "management.endpoint.shardedpubsub.access=" + access,
                        "management.endpoint.health.probes.enabled=true",
                        "management.endpoint.health.group.readiness.include=readinessState,shardedPubSub",
                        "management.endpoints.web.exposure.include=*",
                        "management.endpoint.health.show-details=always")
                .run(context -> {
                    AvailabilityChangeEvent.publish(context, ReadinessState.ACCEPTING_TRAFFIC);
                    test.accept(MockMvcTester.from(context));
                });
    }

    @Test
    void showsEverything() {
        run(mvc -> assertThat(mvc.get().uri("/actuator/shardedpubsub"))
                .hasStatusOk()
                .bodyJson()
                .isStrictlyEqualTo("""
                        {
                          "counts": {"WANTED": 1, "SUBSCRIBING": 0, "SUBSCRIBED": 1, "INTERRUPTED": 0, "REFUSED": 0},
                          "nodes": [
                            {"node": "127.0.0.1:7001", "connected": true, "since": "2026-05-04T10:00:00.250Z", "subscribed": 1}
                          ],
                          "page": {"offset": 0, "limit": 100, "matching": 2},
                          "channels": [
                            {
                              "channel": "orders:{eu}",
                              "slot": 42,
                              "state": "SUBSCRIBED",
                              "since": "2026-05-04T10:00:00.250Z",
                              "node": "127.0.0.1:7001",
                              "interruptions": 1,
                              "lastInterruption": {
                                "cause": "ENDED_BY_SERVER",
                                "since": "2026-05-04T10:00:00.238Z",
                                "fromNode": "127.0.0.1:7000",
                                "durationMillis": 12,
                                "detail": "MOVED 42 127.0.0.1:7001"
                              },
                              "recovery": {
                                "listeners": 2,
                                "behind": 1,
                                "behindSince": "2026-05-04T10:00:00.250Z",
                                "position": "5f7053b90a1b2c3d/9-0",
                                "recovered": 30,
                                "losses": 1,
                                "lastLoss": {
                                  "at": "2026-05-04T10:00:00.250Z",
                                  "channel": "orders:{eu}",
                                  "cause": "TRIMMED",
                                  "after": "5f7053b90a1b2c3d/7-1",
                                  "before": "5f7053b90a1b2c3d/9-0"
                                },
                                "lastError": "NOPERM this user has no permissions"
                              }
                            },
                            {
                              "channel": "prices",
                              "slot": 43,
                              "state": "WANTED",
                              "since": "2026-05-04T10:00:00.250Z",
                              "interruptions": 0
                            }
                          ],
                          "listeners": [],
                          "lastMoves": [
                            {
                              "at": "2026-05-04T10:00:00.250Z",
                              "channel": "orders:{eu}",
                              "slot": 42,
                              "fromState": "INTERRUPTED",
                              "toState": "SUBSCRIBED",
                              "node": "127.0.0.1:7001",
                              "interruption": {
                                "cause": "ENDED_BY_SERVER",
                                "since": "2026-05-04T10:00:00.238Z",
                                "fromNode": "127.0.0.1:7000",
                                "durationMillis": 12,
                                "detail": "MOVED 42 127.0.0.1:7001"
                              },
                              "detail": "confirmed"
                            }
                          ],
                          "recovery": {
                            "channels": 1,
                            "behind": 0,
                            "recovered": 30,
                            "duplicates": 4,
                            "deferred": 2,
                            "readFailures": 6,
                            "losses": 1,
                            "writesLost": 0,
                            "lastLosses": [
                              {
                                "at": "2026-05-04T10:00:00.250Z",
                                "channel": "orders:{eu}",
                                "cause": "TRIMMED",
                                "after": "5f7053b90a1b2c3d/7-1",
                                "before": "5f7053b90a1b2c3d/9-0"
                              }
                            ]
                          },
                          "lettuce": {"fence": "off", "connections": 0, "outOfStep": 0}
                        }
                        """));
    }

    @Test
    void showsAPageOfTheChannelsThatAreAskedFor() {
        run(mvc -> assertThat(mvc.get()
                        .uri("/actuator/shardedpubsub")
                        .queryParam("node", "127.0.0.1:7001")
                        .queryParam("state", "wanted")
                        .queryParam("prefix", "pri")
                        .queryParam("offset", "1")
                        .queryParam("limit", "1"))
                .hasStatusOk()
                .bodyJson()
                .hasPathSatisfying(
                        "$.page",
                        page -> assertThat(page).asMap().isEqualTo(Map.of("offset", 1, "limit", 1, "matching", 2)))
                .extractingPath("$.channels[*].channel")
                .isEqualTo(List.of("prices")));
        assertThat(this.subscriptions.queries())
                .containsExactly(new ChannelQuery(NODE, ChannelState.WANTED, ChannelName.of("pri"), 1, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"limit=1001", "limit=-1", "offset=-1", "node=here", "state=lost", "limit=all"})
    void whatCannotBeAskedForIsABadRequest(String query) {
        run(mvc -> assertThat(mvc.get().uri("/actuator/shardedpubsub?" + query)).hasStatus(400));
    }

    @Test
    void opensANodesConnectionAnew() {
        run(mvc -> assertThat(mvc.post().uri("/actuator/shardedpubsub/reconnect/127.0.0.1:7001"))
                .hasStatusOk()
                .bodyJson()
                .satisfies(conformsTo("ActionDescriptor"))
                .isStrictlyEqualTo("""
                        {"node": {
                          "node": "127.0.0.1:7001", "connected": true, "since": "2026-05-04T10:00:00.250Z", "subscribed": 1
                        }}
                        """));
        assertThat(this.subscriptions.reconnected()).containsExactly(NODE);
    }

    @Test
    void aNodeThatIsNotConnectedToIsNotFound() {
        run(mvc -> assertThat(mvc.post().uri("/actuator/shardedpubsub/reconnect/127.0.0.1:7005"))
                .hasStatus(404)
                .bodyJson()
                .satisfies(conformsTo("ActionDescriptor"))
                .isStrictlyEqualTo("""
                        {"error": "There is no connection to a node 127.0.0.1:7005, but to [127.0.0.1:7001]"}
                        """));
    }

    @Test
    void pausesAndResumesAListener() {
        ShardedListenerEndpoint listener = registered("orders#0");
        listener.start();
        run(mvc -> {
            assertThat(mvc.post().uri("/actuator/shardedpubsub/pause/{id}", "orders#0"))
                    .hasStatusOk()
                    .bodyJson()
                    .satisfies(conformsTo("ActionDescriptor"))
                    .isStrictlyEqualTo(
                            "{\"listener\": {\"id\": \"orders#0\", \"channels\": 1, \"running\": true, \"paused\": true}}");
            assertThat(listener.isPaused()).isTrue();
            assertThat(mvc.get().uri("/actuator/shardedpubsub"))
                    .bodyJson()
                    .satisfies(conformsTo("SubscriptionsDescriptor"))
                    .extractingPath("$.listeners[0].paused")
                    .isEqualTo(true);
            assertThat(mvc.post().uri("/actuator/shardedpubsub/resume/{id}", "orders#0"))
                    .hasStatusOk();
            assertThat(listener.isPaused()).isFalse();
        });
    }

    @Test
    void aListenerThatIsStoppedCannotBePaused() {
        registered("orders");
        run(mvc -> {
            assertThat(mvc.post().uri("/actuator/shardedpubsub/pause/orders"))
                    .hasStatus(409)
                    .bodyJson()
                    .satisfies(conformsTo("ActionDescriptor"))
                    .extractingPath("$.error")
                    .asString()
                    .contains("is stopped");
            assertThat(mvc.post().uri("/actuator/shardedpubsub/pause/prices")).hasStatus(404);
            assertThat(mvc.post().uri("/actuator/shardedpubsub/end/orders")).hasStatus(400);
        });
    }

    @Test
    void whereReadingIsAllowedNothingElseIs() {
        ShardedListenerEndpoint listener = registered("orders");
        listener.start();
        run("READ_ONLY", mvc -> {
            assertThat(mvc.get().uri("/actuator/shardedpubsub")).hasStatusOk();
            assertThat(mvc.get().uri("/actuator/shardedpubsub/prices")).hasStatusOk();
            assertThat(mvc.post().uri("/actuator/shardedpubsub")).hasStatus(405);
            assertThat(mvc.post().uri("/actuator/shardedpubsub/prices")).hasStatus(405);
            assertThat(mvc.post().uri("/actuator/shardedpubsub/pause/orders")).hasStatus(404);
            assertThat(mvc.post().uri("/actuator/shardedpubsub/reconnect/127.0.0.1:7001"))
                    .hasStatus(404);
        });
        assertThat(listener.isPaused()).isFalse();
        assertThat(this.subscriptions.checked()).isEmpty();
        assertThat(this.subscriptions.reconnected()).isEmpty();
    }

    @Test
    void theAnswersAreAsTheSchemaSays() {
        this.subscriptions
                .with(
                        new NodeStatus(BEFORE, false, SINCE, 0, "Connection refused"),
                        new NodeStatus(NODE, true, SINCE, 1, null, SINCE))
                .answeringChecks(CompletableFuture.completedFuture(2));
        registered("orders");
        run(mvc -> {
            assertThat(mvc.get().uri("/actuator/shardedpubsub"))
                    .bodyJson()
                    .satisfies(conformsTo("SubscriptionsDescriptor"));
            assertThat(mvc.get().uri("/actuator/shardedpubsub/prices"))
                    .bodyJson()
                    .satisfies(conformsTo("ChannelDescriptor"));
            assertThat(mvc.post().uri("/actuator/shardedpubsub")).bodyJson().satisfies(conformsTo("CheckDescriptor"));
        });
    }

    @Test
    void everyRequestOfTheDocumentIsAnswered() throws IOException {
        this.subscriptions
                .with(new NodeStatus(new NodeAddress("10.0.0.1", 6379), true, SINCE, 1, null))
                .answeringChecks(CompletableFuture.completedFuture(2));
        registered("orders").start();
        Matcher requests = Pattern.compile("^curl (-X POST )?'?http://localhost:8080(\\S+?)'?$", Pattern.MULTILINE)
                .matcher(Files.readString(DOCUMENT));
        List<String> answered = new ArrayList<>();
        run(mvc -> {
            while (requests.find()) {
                HttpMethod method = requests.group(1) == null ? HttpMethod.GET : HttpMethod.POST;
                assertThat(mvc.perform(MockMvcRequestBuilders.request(method, URI.create(requests.group(2)))))
                        .as(requests.group())
                        .hasStatusOk();
                answered.add(requests.group());
            }
        });
        assertThat(answered).hasSize(9);
    }

    @Test
    void theSettingsOfTheDocumentAreSettings() throws IOException {
        Matcher yaml = Pattern.compile("```yaml\\R(.*?)```", Pattern.DOTALL).matcher(Files.readString(DOCUMENT));
        assertThat(yaml.find()).isTrue();
        StandardEnvironment environment = new StandardEnvironment();
        new YamlPropertySourceLoader()
                .load("endpoint.md", new ByteArrayResource(yaml.group(1).getBytes(StandardCharsets.UTF_8)))
                .forEach(environment.getPropertySources()::addFirst);

        assertThat(environment.getProperty("management.endpoints.web.exposure.include"))
                .contains("shardedpubsub");
        assertThat(Binder.get(environment)
                        .bind("management.endpoint.shardedpubsub.access", Access.class)
                        .get())
                .isEqualTo(Access.READ_ONLY);
    }

    private ShardedListenerEndpoint registered(String id) {
        ShardedListenerEndpoint listener = new ShardedListenerEndpoint(
                id,
                new ShardedRedisMessageListenerContainer(this.subscriptions),
                (message, pattern) -> {},
                List.of(ChannelTopic.of("orders:{eu}")),
                ListenerOptions.DEFAULTS);
        this.listeners.register(listener);
        return listener;
    }

    private static Consumer<JsonContent> conformsTo(String definition) {
        return content -> EndpointSchema.requireValid(definition, content.getJson());
    }

    @Test
    void showsOneChannel() {
        run(mvc -> assertThat(mvc.get().uri("/actuator/shardedpubsub/{channel}", "orders:{eu}"))
                .hasStatusOk()
                .bodyJson()
                .extractingPath("$.node")
                .isEqualTo("127.0.0.1:7001"));
    }

    @Test
    void doesNotFindAChannelThatIsNotWanted() {
        run(mvc -> assertThat(mvc.get().uri("/actuator/shardedpubsub/unknown")).hasStatus(404));
    }

    @Test
    void aPostChecksAll() {
        this.subscriptions.answeringChecks(CompletableFuture.completedFuture(2));

        run(mvc -> {
            assertThat(mvc.post().uri("/actuator/shardedpubsub"))
                    .hasStatusOk()
                    .bodyJson()
                    .isLenientlyEqualTo("{\"channels\": 2, \"answered\": true}");
            assertThat(this.subscriptions.checked()).containsExactly("all");
        });
    }

    @Test
    void aPostToAChannelChecksIt() {
        this.subscriptions.answeringChecks(CompletableFuture.completedFuture(1));

        run(mvc -> {
            assertThat(mvc.post().uri("/actuator/shardedpubsub/{channel}", "orders:{eu}"))
                    .hasStatusOk()
                    .bodyJson()
                    .extractingPath("$.channels")
                    .isEqualTo(1);
            assertThat(this.subscriptions.checked()).containsExactly("orders:{eu}");
        });
    }

    @Test
    void theHealthCanBePartOfReadiness() {
        run(mvc -> assertThat(mvc.get().uri("/actuator/health/readiness")).hasStatus(503));

        this.subscriptions.with(new ChannelStatus("prices", 43, ChannelState.SUBSCRIBED, SINCE, NODE, null, 0, null));
        run(mvc -> assertThat(mvc.get().uri("/actuator/health/readiness"))
                .hasStatusOk()
                .bodyJson()
                .extractingPath("$.components")
                .asMap()
                .containsOnlyKeys("shardedPubSub", "readinessState"));
    }

    @Test
    void theHealthIsPartOfBootsHealthEndpoint() {
        this.subscriptions.with(new ChannelStatus("prices", 43, ChannelState.WANTED, SINCE, null, null, 0, null));

        run(mvc -> assertThat(mvc.get().uri("/actuator/health"))
                .hasStatus(503)
                .bodyJson()
                .extractingPath("$.components.shardedPubSub")
                .asMap()
                .isEqualTo(Map.of(
                        "status",
                        "DOWN",
                        "details",
                        Map.of(
                                "channels",
                                Map.of("WANTED", 1, "SUBSCRIBING", 0, "SUBSCRIBED", 0, "INTERRUPTED", 0, "REFUSED", 0),
                                "patienceMillis",
                                5000,
                                "lettuce",
                                Map.of("fence", "off"),
                                "unconfirmed",
                                List.of(Map.of(
                                        "channel",
                                        "prices",
                                        "slot",
                                        43,
                                        "state",
                                        "WANTED",
                                        "since",
                                        "2026-05-04T10:00:00.250Z"))))));
    }
}
