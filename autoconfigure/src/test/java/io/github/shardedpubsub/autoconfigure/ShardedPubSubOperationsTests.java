package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.ChannelDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.CheckDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What operators see of an application while things happen to its cluster. */
class ShardedPubSubOperationsTests {

    private static final String CHANNEL = "operations";

    private static final int SLOT = RedisCluster.slot(CHANNEL);

    private static ConfigurableApplicationContext context;

    private static MeterRegistry registry;

    private static ShardedPubSubEndpoint endpoint;

    private static ShardedPubSubHealthIndicator health;

    @BeforeAll
    static void start() {
        context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties(
                        "spring.data.redis.cluster.nodes=" + LiveCluster.nodes(),
                        "spring.main.banner-mode=off",
                        "sharded-pubsub.health.patience=200ms",
                        "management.endpoints.web.exposure.include=shardedpubsub",
                        "management.endpoints.jmx.exposure.include=")
                .run();
        registry = context.getBean(MeterRegistry.class);
        endpoint = context.getBean(ShardedPubSubEndpoint.class);
        health = context.getBean(ShardedPubSubHealthIndicator.class);
    }

    @AfterAll
    static void stop() {
        context.close();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        static SimpleMeterRegistry meterRegistry() {
            return new SimpleMeterRegistry();
        }

        @ShardedRedisListener(CHANNEL)
        void message(String message) {
            assertThat(message).isNotEmpty();
        }
    }

    @Test
    void aMovedSlotIsATimedInterruptionAndANewNode() {
        long before = interruptions(InterruptionCause.ENDED_BY_SERVER).count();
        RedisNode target = LiveCluster.get().otherMaster(LiveCluster.get().owner(SLOT));

        LiveCluster.get().moveSlot(SLOT, target);

        await().untilAsserted(() -> {
            ChannelDescriptor channel = channel();
            assertThat(channel.state()).isEqualTo(ChannelState.SUBSCRIBED);
            assertThat(channel.node()).isEqualTo(target.address());
            assertThat(interruptions(InterruptionCause.ENDED_BY_SERVER).count()).isEqualTo(before + 1);
        });
        assertThat(endpoint.subscriptions(null, null, null, null, null)
                        .lastMoves()
                        .get(0)
                        .node())
                .isEqualTo(target.address());
    }

    @Test
    void aKilledConnectionIsATimedInterruptionAndHealthComesBack() {
        long before = interruptions(InterruptionCause.CONNECTION_LOST).count();

        assertThat(LiveCluster.get().killClients("pubsub")).isPositive();

        await().untilAsserted(() -> assertThat(
                        interruptions(InterruptionCause.CONNECTION_LOST).count())
                .isEqualTo(before + 1));
        assertThat(channel().state()).isEqualTo(ChannelState.SUBSCRIBED);
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void healthIsDownWhileNobodyServesTheSlot() {
        RedisNode owner = LiveCluster.get().owner(SLOT);

        LiveCluster.get().deleteSlots(SLOT);
        try {
            await().untilAsserted(() -> assertThat(health.health().getStatus()).isEqualTo(Status.DOWN));
            // the server's CLUSTERDOWN, or that the topology knows no owner: whichever was seen last
            assertThat(channel().state()).isEqualTo(ChannelState.INTERRUPTED);
            assertThat(channel().lastError()).isNotBlank();
        } finally {
            LiveCluster.get().addSlots(owner, SLOT);
        }

        await().untilAsserted(() -> assertThat(health.health().getStatus()).isEqualTo(Status.UP));
    }

    @Test
    void aMessageIsCountedAndItsListenerTimed() {
        double messages = registry.get("sharded.pubsub.messages").counter().count();
        Timer listener = registry.get("sharded.pubsub.listener")
                .tag("outcome", "success")
                .timer();
        long calls = listener.count();

        context.getBean(ShardedPublisher.class).publish(CHANNEL, "hello");

        await().untilAsserted(() -> assertThat(listener.count()).isEqualTo(calls + 1));
        assertThat(registry.get("sharded.pubsub.messages").counter().count()).isEqualTo(messages + 1);
    }

    @Test
    void aCheckAsksAboutEveryChannel() {
        CheckDescriptor check = endpoint.check();

        assertThat(check.answered()).isTrue();
        assertThat(check.channels()).isEqualTo(1);
    }

    private static ChannelDescriptor channel() {
        return Objects.requireNonNull(endpoint.channel(CHANNEL));
    }

    private static Timer interruptions(InterruptionCause cause) {
        return registry.get("sharded.pubsub.interruptions")
                .tag("cause", cause == InterruptionCause.ENDED_BY_SERVER ? "ended_by_server" : "connection_lost")
                .timer();
    }
}
