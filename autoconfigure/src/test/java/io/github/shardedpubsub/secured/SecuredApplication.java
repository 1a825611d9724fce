package io.github.shardedpubsub.secured;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.listener.ShardChannelEvent;
import io.github.shardedpubsub.listener.ShardInterruptedEvent;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.test.RedisCluster;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DataAccessException;

/** A user's application that listens and publishes to channels of three nodes, and what can be seen of it. */
final class SecuredApplication implements AutoCloseable {

    static final Duration RECOVERY = Duration.ofSeconds(20);

    private static final List<String> CHANNELS = List.of("orders:{eu}", "orders:{us}", "orders:{asia}");

    private final ConfigurableApplicationContext context;

    private int published;

    private SecuredApplication(ConfigurableApplicationContext context) {
        this.context = context;
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Orders {

        private final List<String> heard = new CopyOnWriteArrayList<>();

        private final List<ShardChannelEvent> events = new CopyOnWriteArrayList<>();

        @ShardedRedisListener(topic = {"orders:{eu}", "orders:{us}", "orders:{asia}"})
        void order(String text) {
            this.heard.add(text);
        }

        @EventListener
        void on(ShardChannelEvent event) {
            this.events.add(event);
        }
    }

    static SecuredApplication start(String[] connection, String... properties) {
        return start(Orders.class, connection, properties);
    }

    /** With beans beside its own. */
    static SecuredApplication start(Class<?> more, String[] connection, String... properties) {
        return new SecuredApplication(new SpringApplicationBuilder(Orders.class, more)
                .web(WebApplicationType.NONE)
                .properties("sharded-pubsub.health.patience=0s", "sharded-pubsub.resubscribe.max-backoff=1s")
                .properties(connection)
                .properties(properties)
                .run());
    }

    ConfigurableApplicationContext context() {
        return this.context;
    }

    private Orders orders() {
        return this.context.getBean(Orders.class);
    }

    /** Publishes to each channel until it is heard there. */
    void requireDelivery() {
        for (String channel : CHANNELS) {
            await().atMost(RECOVERY)
                    .ignoreExceptionsInstanceOf(DataAccessException.class)
                    .until(() -> {
                        String text = channel + " " + this.published++;
                        return this.context.getBean(ShardedPublisher.class).publish(channel, text) == 1
                                && isHeard(text);
                    });
        }
    }

    private boolean isHeard(String text) {
        await().atMost(RECOVERY).until(() -> orders().heard.contains(text));
        return true;
    }

    void moveSlots(RedisCluster cluster) {
        for (String channel : CHANNELS) {
            int slot = RedisCluster.slot(channel);
            cluster.moveSlot(slot, cluster.otherMaster(cluster.owner(slot)));
        }
    }

    Stream<ShardInterruptedEvent> interruptions() {
        return orders().events.stream()
                .filter(ShardInterruptedEvent.class::isInstance)
                .map(ShardInterruptedEvent.class::cast);
    }

    private Health health() {
        return Objects.requireNonNull(
                this.context.getBean(ShardedPubSubHealthIndicator.class).health());
    }

    void awaitHealthy() {
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(health().getStatus()).isEqualTo(Status.UP));
    }

    /** Waits until it is down for a reason of which this is a part. */
    void awaitDown(String reason) {
        await().atMost(RECOVERY).untilAsserted(() -> {
            assertThat(health().getStatus()).isEqualTo(Status.DOWN);
            assertThat(health().getDetails().get("unconfirmed")).asString().containsIgnoringCase(reason);
        });
    }

    @Override
    public void close() {
        this.context.close();
    }
}
