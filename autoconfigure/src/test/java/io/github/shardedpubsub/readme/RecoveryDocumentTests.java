package io.github.shardedpubsub.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.autoconfigure.ShardedPubSubAutoConfiguration;
import io.github.shardedpubsub.listener.ShardHistoryLostEvent;
import io.github.shardedpubsub.listener.ShardPubSubHeaders;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.HistoryMessage;
import io.github.shardedpubsub.recovery.StreamPosition;
import io.github.shardedpubsub.test.RedisCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.messaging.handler.annotation.Header;

/** What docs/recovery.md says: its snippets, which are run here, and its example of an envelope. */
class RecoveryDocumentTests {

    private static final Path DOCUMENT = Path.of("../docs/recovery.md");

    @Configuration(proxyBeanMethods = false)
    static class Application {

        final List<String> orders = new CopyOnWriteArrayList<>();

        final List<String> lost = new CopyOnWriteArrayList<>();

        @ShardedRedisListener(topic = "orders:{eu}")
        void order(
                String order,
                @Header(ShardPubSubHeaders.RECOVERED) boolean recovered,
                @Header(name = ShardPubSubHeaders.POSITION, required = false) @Nullable StreamPosition position) {
            this.orders.add(order);
        }

        @EventListener
        void lost(ShardHistoryLostEvent lost) {
            this.lost.add(lost.channel() + " " + lost.cause());
        }
    }

    @Test
    @LiveTest
    void anApplicationWithRecovery() throws IOException {
        String yaml = Snippets.of("yaml", DOCUMENT).get(0);
        List<String> channels = Snippets.bind(yaml).getRecovery().getChannels();
        assertThat(channels).containsExactly("orders:*", "courier:*");
        new ApplicationContextRunner()
                .withConfiguration(
                        AutoConfigurations.of(DataRedisAutoConfiguration.class, ShardedPubSubAutoConfiguration.class))
                .withPropertyValues(
                        "spring.data.redis.cluster.nodes=" + LiveCluster.nodes(),
                        "sharded-pubsub.recovery.channels=" + String.join(",", channels))
                .withUserConfiguration(Application.class)
                .run(context -> {
                    Application application = context.getBean(Application.class);
                    ShardedPublisher publisher = context.getBean(ShardedPublisher.class);
                    String key = "sharded-pubsub:history:orders:{eu}";
                    publisher.publish("orders:{eu}", "tea");
                    await().untilAsserted(() -> assertThat(application.orders).containsExactly("tea"));
                    LiveCluster.get().owner(RedisCluster.slot(key)).command("DEL", key);
                    publisher.publish("orders:{eu}", "coffee");
                    await().atMost(Duration.ofSeconds(20))
                            .untilAsserted(() -> assertThat(application.orders).containsExactly("tea", "coffee"));
                    await().untilAsserted(() -> assertThat(application.lost).containsExactly("orders:{eu} DELETED"));
                    publisher.publish(new ShardMessage("orders:{eu}", "on the house").withRecovery(false));
                    await().untilAsserted(() -> assertThat(application.orders).endsWith("on the house"));
                    assertThat(LiveCluster.get().owner(RedisCluster.slot(key)).command("XLEN", key))
                            .isEqualTo("1");
                });
    }

    @Test
    void theEnvelopeOfTheExample() throws IOException {
        String example = Snippets.of("text", DOCUMENT).get(1).strip();
        HistoryMessage message =
                HistoryMessage.open(HexFormat.ofDelimiter(" ").withUpperCase().parseHex(example));
        assertThat(new String(message.payload(), StandardCharsets.UTF_8)).isEqualTo("tea");
        assertThat(message.position()).hasToString("5f7053b90a1b2c3d/7-1");
    }
}
