package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.ShardedListenerEndpoint;
import io.github.shardedpubsub.listener.ShardedRedisListenerRegistry;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.management.MBeanFeatureInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jmx.JmxEndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.jmx.JmxAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.data.redis.listener.ChannelTopic;

class ShardedPubSubEndpointJmxTests {

    private static final String DOMAIN = "sharded-pubsub-endpoint-tests";

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions()
            .with(new ChannelStatus(
                    "orders", 42, ChannelState.WANTED, Instant.parse("2026-05-04T10:00:00Z"), null, null, 0, null));

    private final ShardedRedisListenerRegistry listeners = new ShardedRedisListenerRegistry();

    private void run(ContextConsumer<AssertableApplicationContext> test) {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        JacksonAutoConfiguration.class,
                        JmxAutoConfiguration.class,
                        EndpointAutoConfiguration.class,
                        JmxEndpointAutoConfiguration.class,
                        ShardedPubSubEndpointAutoConfiguration.class))
                .withBean(ShardSubscriptions.class, () -> this.subscriptions)
                .withBean(ShardedRedisListenerRegistry.class, () -> this.listeners)
                .withPropertyValues(
                        "spring.jmx.enabled=true",
                        "management.endpoints.jmx.domain=" + DOMAIN,
                        "management.endpoints.jmx.exposure.include=shardedpubsub")
                .run(test);
    }

    @Test
    void showsOneChannel() {
        run(context -> assertThat(invoke(context, "channel", "orders"))
                .isInstanceOfSatisfying(
                        Map.class,
                        channel -> assertThat(channel)
                                .containsEntry("state", "WANTED")
                                .containsEntry("since", "2026-05-04T10:00:00Z")));
    }

    @Test
    void checksAll() {
        this.subscriptions.answeringChecks(CompletableFuture.completedFuture(1));

        run(context -> {
            assertThat(invoke(context, "check"))
                    .isInstanceOfSatisfying(
                            Map.class, check -> assertThat(check).containsEntry("channels", 1));
            assertThat(this.subscriptions.checked()).containsExactly("all");
        });
    }

    @Test
    void showsAPage() {
        run(context -> assertThat(server(context)
                        .invoke(name(), "subscriptions", new Object[] {null, "wanted", "ord", null, 1}, new String[] {
                            String.class.getName(),
                            String.class.getName(),
                            String.class.getName(),
                            Integer.class.getName(),
                            Integer.class.getName()
                        }))
                .isInstanceOfSatisfying(
                        Map.class,
                        shown -> assertThat(shown)
                                .containsEntry("page", Map.of("offset", 0, "limit", 1, "matching", 1))));
    }

    @Test
    void opensANodesConnectionAnew() {
        NodeAddress node = new NodeAddress("127.0.0.1", 7001);
        this.subscriptions.with(new NodeStatus(node, true, Instant.parse("2026-05-04T10:00:00Z"), 1, null));

        run(context -> {
            assertThat(invoke(context, "reconnect", "127.0.0.1:7001"))
                    .isInstanceOfSatisfying(
                            Map.class, shown -> assertThat(shown).containsEntry("node", "127.0.0.1:7001"));
            assertThat(this.subscriptions.reconnected()).containsExactly(node);
        });
    }

    @Test
    void pausesAndResumesAListener() {
        ShardedListenerEndpoint listener = new ShardedListenerEndpoint(
                "orders",
                new ShardedRedisMessageListenerContainer(this.subscriptions),
                (message, pattern) -> {},
                List.of(ChannelTopic.of("orders")),
                ListenerOptions.DEFAULTS);
        this.listeners.register(listener);
        listener.start();

        run(context -> {
            invoke(context, "pause", "orders");
            assertThat(listener.isPaused()).isTrue();
            invoke(context, "resume", "orders");
            assertThat(listener.isPaused()).isFalse();
        });
    }

    @Test
    void describesItsOperations() {
        run(context -> assertThat(
                        Arrays.stream(server(context).getMBeanInfo(name()).getOperations())
                                .map(MBeanFeatureInfo::getDescription))
                .hasSize(7)
                .noneMatch(description -> description.startsWith("Invoke")));
    }

    private static Object invoke(AssertableApplicationContext context, String operation, String... arguments)
            throws Exception {
        String[] signature = new String[arguments.length];
        Arrays.fill(signature, String.class.getName());
        return server(context).invoke(name(), operation, arguments, signature);
    }

    private static MBeanServer server(AssertableApplicationContext context) {
        return context.getBean(MBeanServer.class);
    }

    private static ObjectName name() throws Exception {
        return new ObjectName(DOMAIN + ":type=Endpoint,name=Shardedpubsub");
    }
}
