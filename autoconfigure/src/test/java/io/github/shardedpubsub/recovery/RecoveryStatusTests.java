package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.RecoveringApplication.Got;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisURI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import reactor.core.Disposable;

/** What is seen of recoveries on a real cluster, and what is said where there can be none. */
@LiveTest
class RecoveryStatusTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final RecoverySettings SETTINGS = RecoverySettings.DEFAULTS.withChannels(List.of("seen*"));

    private static final SerializationPair<String> TEXT = SerializationPair.fromSerializer(RedisSerializer.string());

    private static int names;

    private static RecoveringApplication application;

    private String channel;

    @BeforeAll
    static void start() {
        application = new RecoveringApplication(LiveCluster.get(), SETTINGS);
    }

    @AfterAll
    static void close() throws Exception {
        application.close();
    }

    @BeforeEach
    void choose() {
        this.channel = "seen-" + names++;
    }

    private RedisNode owner() {
        return LiveCluster.get().owner(RedisCluster.slot(this.channel));
    }

    private String key() {
        return new String(HistoryKey.of(this.channel.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    private RecoveryStatus status() {
        return application.recovery().channel(ChannelName.of(this.channel)).orElseThrow();
    }

    private static Health health() {
        return Objects.requireNonNull(new ShardedPubSubHealthIndicator(
                        application.subscriptions(), Duration.ZERO, 0, null, application.recovery())
                .health());
    }

    @Test
    void aListenerThatMissesNothingIsAtTheLastMessage() {
        List<Got> got = application.listen(this.channel);
        application.publisher().publish(this.channel, "0");

        await().atMost(SOON).until(() -> got.size() == 1);

        await().atMost(SOON).untilAsserted(() -> {
            // the first message may come while the listener begins, and is read then
            long recovered = got.get(0).recovered() ? 1 : 0;
            assertThat(status())
                    .isEqualTo(new RecoveryStatus(
                            this.channel, 1, 0, null, got.get(0).position(), recovered, 0, null, null));
        });
        assertThat(application.recovery().channel(ChannelName.of("plain"))).isEmpty();
        assertThat(application.recovery().channels()).isPositive();
    }

    @Test
    void whatIsReadAndWhatIsLostIsShown() {
        List<Got> got = application.listen(this.channel);
        List<Got> other = application.listen(this.channel);
        application.publisher().publish(this.channel, "0");
        await().atMost(SOON).until(() -> got.size() == 1 && other.size() == 1);
        long losses = application.recovery().counts().losses();
        owner().command("DEL", key());

        application.publisher().publish(this.channel, "1");

        await().atMost(SOON).until(() -> got.size() == 2 && other.size() == 2);
        await().atMost(SOON).untilAsserted(() -> {
            RecoveryStatus status = status();
            assertThat(status.listeners()).isEqualTo(2);
            assertThat(status.behind()).isZero();
            assertThat(status.recovered())
                    .isGreaterThanOrEqualTo(2)
                    .isEqualTo(Stream.concat(got.stream(), other.stream())
                            .filter(Got::recovered)
                            .count());
            assertThat(status.losses()).isEqualTo(2);
            assertThat(Objects.requireNonNull(status.lastLoss()).loss().cause()).isEqualTo(HistoryLoss.Cause.DELETED);
        });
        assertThat(application.recovery().counts().losses()).isEqualTo(losses + 2);
        assertThat(application.recovery().lastLosses().get(0).channel()).isEqualTo(this.channel);
        assertThat(health().getDetails()).containsKey("recovery");
    }

    @Test
    void aListenerThatIsSlowIsBehindUntilItHasAll() {
        long deferred = application.recovery().counts().deferred();
        CountDownLatch go = new CountDownLatch(1);
        application.listen(this.channel, ListenerOptions.DEFAULTS.withQueueCapacity(2), (message, pattern) -> {
            try {
                go.await();
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
        });
        for (int i = 0; i < 300; i++) {
            application.publisher().publish(this.channel, "x");
        }

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(application.recovery().behind())
                        .extracting(RecoveryStatus::channel)
                        .contains(this.channel));
        assertThat(status().behindSince()).isNotNull();
        assertThat(application.recovery().counts().deferred()).isGreaterThan(deferred);

        go.countDown();

        await().atMost(SOON).untilAsserted(() -> assertThat(status().behind()).isZero());
        assertThat(status().recovered()).isPositive();
        assertThat(status().losses()).isZero();
    }

    @Test
    void aHistoryThatCannotBeReadIsSaidAndHealthIsDownUntilItCan() {
        List<Got> got = application.listen(this.channel);
        application.publisher().publish(this.channel, "0");
        await().atMost(SOON).until(() -> got.size() == 1);
        owner().command("DEL", key());
        owner().command("SET", key(), "somebody else's");

        LiveCluster.get().killClients("pubsub");

        await().atMost(SOON).untilAsserted(() -> {
            assertThat(application.recovery().behind()).singleElement().satisfies(status -> {
                assertThat(status.channel()).isEqualTo(this.channel);
                assertThat(status.lastError()).startsWith("WRONGTYPE");
            });
            assertThat(health().getStatus()).isEqualTo(Status.DOWN);
        });
        assertThat(application.recovery().counts().readFailures()).isPositive();

        owner().command("DEL", key());

        await().atMost(SOON).untilAsserted(() -> {
            assertThat(application.recovery().behind()).isEmpty();
            assertThat(health().getStatus()).isEqualTo(Status.UP);
        });
        assertThat(status().lastError()).isNull();
    }

    @Test
    void aPositionThatCannotBeLoadedIsSaid() throws Exception {
        String position = new String(
                HistoryKey.ofPosition(this.channel.getBytes(StandardCharsets.UTF_8), "clerk"), StandardCharsets.UTF_8);
        owner().command("LPUSH", position, "somebody else's");
        try (RecoveringApplication clerk =
                RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofMillis(10))) {
            Disposable receiving = clerk.reactive()
                    .receive(
                            List.of(ChannelTopic.of(this.channel)),
                            TEXT,
                            TEXT,
                            ListenerOptions.DEFAULTS.withName("clerk").withStart(StartPosition.stored()))
                    .subscribe();

            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(clerk.recovery().behind())
                            .singleElement()
                            .satisfies(status -> assertThat(status.lastError())
                                    .startsWith("its listener's position could not be loaded: WRONGTYPE")));

            owner().command("DEL", position);

            await().atMost(SOON).until(() -> clerk.recovery().behind().isEmpty());
            receiving.dispose();
        }
    }

    @Test
    void whoMayNeitherReadNorWriteAHistoryIsToldWhatIsMissing() throws Exception {
        LiveCluster.get()
                .masters()
                .forEach(node -> node.command(
                        "ACL", "SETUSER", "forgetful", "on", ">secret", "~*", "&*", "+@all", "-xrevrange", "-xadd"));
        List<RedisURI> nodes = LiveCluster.get().masters().stream()
                .map(node -> RedisURI.builder()
                        .withHost(node.host())
                        .withPort(node.port())
                        .withAuthentication("forgetful", "secret".toCharArray())
                        .build())
                .toList();
        try (RecoveringApplication forgetful = new RecoveringApplication(nodes, SETTINGS)) {
            assertThatThrownBy(() -> forgetful.listen(this.channel))
                    .hasRootCauseInstanceOf(ShardHistoryRefusedException.class)
                    .hasMessageContaining(this.channel)
                    .hasMessageContaining("NOPERM")
                    .hasMessageContaining(ShardHistoryRefusedException.RULES);
            assertThatThrownBy(() -> forgetful.publisher().publish(this.channel, "0"))
                    .cause()
                    .hasMessageContaining(ShardHistoryRefusedException.RULES);
            assertThat(forgetful.recovery().channels()).isZero();
        }
    }
}
