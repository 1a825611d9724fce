package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.http.converter.autoconfigure.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.actuate.endpoint.web.WebMvcHealthEndpointExtensionAutoConfiguration;
import org.springframework.test.web.servlet.assertj.MockMvcTester;

/**
 * The endpoint as it is seen over HTTP: its JSON is what others rely on.
 */
class ShardedPubSubEndpointWebTests {

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

    private void run(Consumer<MockMvcTester> test) {
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
                        WebMvcHealthEndpointExtensionAutoConfiguration.class,
                        ShardedPubSubHealthAutoConfiguration.class,
                        ShardedPubSubEndpointAutoConfiguration.class))
                .withBean(ShardSubscriptions.class, () -> this.subscriptions)
                .withPropertyValues(
                        "management.endpoints.web.exposure.include=*", "management.endpoint.health.show-details=always")
                .run(context -> test.accept(MockMvcTester.from(context)));
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
                          "lettuce": {"fence": "off", "connections": 0, "outOfStep": 0}
                        }
                        """));
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
