package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.time.Instant;
import java.util.Arrays;
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

class ShardedPubSubEndpointJmxTests {

    private static final String DOMAIN = "sharded-pubsub-endpoint-tests";

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions()
            .with(new ChannelStatus(
                    "orders", 42, ChannelState.WANTED, Instant.parse("2026-05-04T10:00:00Z"), null, null, 0, null));

    private void run(ContextConsumer<AssertableApplicationContext> test) {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        JacksonAutoConfiguration.class,
                        JmxAutoConfiguration.class,
                        EndpointAutoConfiguration.class,
                        JmxEndpointAutoConfiguration.class,
                        ShardedPubSubEndpointAutoConfiguration.class))
                .withBean(ShardSubscriptions.class, () -> this.subscriptions)
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
    void describesItsOperations() {
        run(context -> assertThat(
                        Arrays.stream(server(context).getMBeanInfo(name()).getOperations())
                                .map(MBeanFeatureInfo::getDescription))
                .hasSize(4)
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
