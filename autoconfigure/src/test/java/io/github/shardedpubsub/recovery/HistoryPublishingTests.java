package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.publisher.ReactiveShardedPublisher;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.RecoveringApplication.Got;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.cluster.RedisClusterClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What publishing with recovery leaves in the histories of a real cluster. */
@LiveTest
class HistoryPublishingTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final Duration EXPIRY = Duration.ofSeconds(2);

    private static int names;

    private static RecoveringApplication application;

    private String channel;

    @BeforeAll
    static void start() {
        application = new RecoveringApplication(
                LiveCluster.get(),
                RecoverySettings.DEFAULTS.withChannels(List.of("written*")).withExpiry(EXPIRY));
    }

    @AfterAll
    static void close() throws Exception {
        application.close();
    }

    @BeforeEach
    void choose() {
        this.channel = "written-" + names++;
    }

    private static RedisNode owner(String channel) {
        return LiveCluster.get().owner(RedisCluster.slot(channel));
    }

    private static String key(String channel) {
        return new String(HistoryKey.of(channel.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    private static boolean isLive(String channel) {
        return application
                        .recovery()
                        .channel(ChannelName.of(channel))
                        .orElseThrow()
                        .behind()
                == 0;
    }

    private static long kept(String channel) {
        return Long.parseLong(owner(channel).command("XLEN", key(channel)));
    }

    @Test
    void aHistoryIsKeptForItsExpiryAfterTheLastMessage() throws InterruptedException {
        long begin = System.nanoTime();
        int count = 0;
        while (System.nanoTime() - begin < EXPIRY.multipliedBy(2).toNanos()) {
            application.publisher().publish(this.channel, Integer.toString(count++));
            assertThat(Long.parseLong(owner(this.channel).command("PTTL", key(this.channel))))
                    .isBetween(EXPIRY.toMillis() - 50, EXPIRY.toMillis() * 21 / 20);
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(kept(this.channel)).isEqualTo(count);
        await().atMost(SOON).until(() -> kept(this.channel) == 0);
    }

    @Test
    void aHistoryIsKeptWhereTheClockIsBehind() {
        long ahead = System.currentTimeMillis() + 60_000;
        owner(this.channel).command("XADD", key(this.channel), ahead + "-0", "0123456701234567", "from elsewhere");

        application.publisher().publish(this.channel, "x");

        assertThat(Long.parseLong(owner(this.channel).command("PTTL", key(this.channel))))
                .isBetween(55_000L, 70_000L);
    }

    @Test
    void messagesThatAreSentTogetherTellOfLostWritesOnce() {
        application.publisher().publish(this.channel, "kept");
        application.publisher().publish(this.channel, "lost");
        String last = owner(this.channel)
                .command("XREVRANGE", key(this.channel), "+", "-", "COUNT", "1")
                .lines()
                .findFirst()
                .orElseThrow();
        owner(this.channel).command("XDEL", key(this.channel), last);

        application.publisher().publishAll(Collections.nCopies(20, new ShardMessage(this.channel, "later")));

        List<String> entries = owner(this.channel)
                .command("XRANGE", key(this.channel), "-", "+")
                .lines()
                .toList();
        assertThat(entries.stream().filter(line -> line.matches("[0-9a-f]{16}")).distinct())
                .hasSize(2);
        assertThat(entries.stream().filter(line -> line.endsWith(last))).hasSize(1);
        assertThat(kept(this.channel)).isEqualTo(21);
    }

    @Test
    void aSingleMessageIsKeptOnAChannelWithoutRecovery() {
        String other = "not-" + this.channel;
        ShardedPublisher publisher = application.publisher();

        publisher.publish(other, "one");
        publisher.publish(new ShardMessage(other, "two").withRecovery(true));

        assertThat(kept(other)).isEqualTo(1);
        assertThat(owner(other).command("XRANGE", key(other), "-", "+")).contains("two");
    }

    @Test
    void aSingleMessageIsNotKeptOnAChannelWithRecovery() {
        List<Got> got = application.listen(this.channel);
        await().atMost(SOON).until(() -> isLive(this.channel));

        application
                .publisher()
                .publishAll(List.of(
                        new ShardMessage(this.channel, "1"),
                        new ShardMessage(this.channel, "2").withRecovery(false),
                        new ShardMessage(this.channel, "3").withRecovery(true)));

        // in their order, as long as they come live
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(got).extracting(Got::text).containsExactly("1", "2", "3"));
        assertThat(got).extracting(each -> each.position() != null).containsExactly(true, false, true);
        assertThat(kept(this.channel)).isEqualTo(2);
    }

    @Test
    void aReactivePublisherTakesSingleMessagesToo() {
        ReactiveShardedPublisher publisher = new ReactiveShardedPublisher(application.publisher());

        publisher
                .publish(new ShardMessage(this.channel, "1").withRecovery(false))
                .block(SOON);
        publisher.publish(new ShardMessage(this.channel, "2")).block(SOON);

        assertThat(kept(this.channel)).isEqualTo(1);
    }

    @Test
    void anEnvelopeCanBeText() throws Exception {
        List<Got> got = application.listen(this.channel);
        List<String> seen = new CopyOnWriteArrayList<>();
        try (RedisClusterClient client = RedisClusterClient.create(
                        "redis://" + owner(this.channel).address());
                ShardedPublisher publisher = new ShardedPublisher(() -> client, null);
                ShardSubscriptions others = SlotFollowingSubscriptions.start(client, SubscriptionSettings.DEFAULTS)) {
            others.subscribe(
                            ChannelName.of(this.channel),
                            (name, message) -> seen.add(new String(message, StandardCharsets.UTF_8)))
                    .confirmed()
                    .get(20, TimeUnit.SECONDS);
            publisher.setHistory(new ShardHistory(RecoverySettings.DEFAULTS, EnvelopeForm.TEXT));
            publisher.publish(new ShardMessage(this.channel, "tea").withRecovery(true));
            application.publisher().publish(this.channel, "coffee");

            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(got).extracting(Got::text).containsExactly("tea", "coffee"));
            assertThat(got).extracting(Got::position).doesNotContainNull();
            await().atMost(SOON).until(() -> seen.size() == 2);
            assertThat(seen.get(0)).matches("SPSR1 [0-9a-f]{16} \\d+-\\d+ - 0-0\ntea");
        }
    }

    @Test
    void aPublisherWithoutHistoriesKeepsNone() {
        try (ShardedPublisher publisher = new ShardedPublisher(
                () -> {
                    throw new IllegalStateException();
                },
                null)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> publisher.publish(new ShardMessage(this.channel, "x").withRecovery(true)))
                    .withMessageContaining("setHistory");
        }
    }
}
