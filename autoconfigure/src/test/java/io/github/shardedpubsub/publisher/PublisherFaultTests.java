package io.github.shardedpubsub.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.RedisSystemException;

/** What becomes of messages when slots and nodes are lost. */
@LiveTest
class PublisherFaultTests {

    private static final Duration SOON = Duration.ofSeconds(15);

    private static RedisCluster cluster;

    private static ClientResources resources;

    private static RedisClusterClient client;

    /** Those that the client has open, to be cut as a network does it. */
    private static final List<Channel> channels = new CopyOnWriteArrayList<>();

    private final Observed observed = new Observed();

    private final ShardedPublisher publisher = publisher(Duration.ofSeconds(10));

    private static final class Observed implements PublishObserver {

        private final List<PublishOutcome> outcomes = new CopyOnWriteArrayList<>();

        private final List<String> redirects = new CopyOnWriteArrayList<>();

        private final List<String> retries = new CopyOnWriteArrayList<>();

        @Override
        public void finished(String channel, PublishOutcome outcome, long receivers, Duration took) {
            this.outcomes.add(outcome);
        }

        @Override
        public void redirected(String channel) {
            this.redirects.add(channel);
        }

        @Override
        public void retried(String channel, String reason) {
            this.retries.add(reason);
        }
    }

    @BeforeAll
    static void start() {
        cluster = RedisCluster.start(3, 1);
        resources = ClientResources.builder()
                .nettyCustomizer(new NettyCustomizer() {

                    @Override
                    public void afterChannelInitialized(Channel channel) {
                        channels.add(channel);
                    }
                })
                .build();
        client = RedisClusterClient.create(resources, uris());
    }

    private static List<RedisURI> uris() {
        return cluster.addresses().stream()
                .map(address -> RedisURI.create("redis://" + address))
                .toList();
    }

    @AfterAll
    static void stop() {
        client.shutdown(0, 2, TimeUnit.SECONDS);
        resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
        cluster.close();
    }

    private ShardedPublisher publisher(Duration retryTimeout) {
        ShardedPublisher created = new ShardedPublisher(() -> client, null, new PublisherSettings(retryTimeout));
        created.addObserver(this.observed);
        return created;
    }

    @AfterEach
    void close() {
        this.publisher.close();
    }

    @Test
    void aMessageForADeletedSlotIsOfferedAgainUntilTheSlotIsServed() {
        int slot = RedisCluster.slot("deleted");
        RedisNode owner = cluster.owner(slot);
        this.publisher.publish("deleted", "before");
        cluster.deleteSlots(slot);
        CompletableFuture<Long> answer = this.publisher.publishAsync("deleted", "meanwhile");
        await().until(() -> this.observed.retries.size() > 2);
        assertThat(this.observed.retries).allMatch(reason -> reason.startsWith("CLUSTERDOWN"));
        assertThat(answer).isNotDone();
        cluster.addSlots(cluster.otherMaster(owner), slot);
        assertThat(answer).succeedsWithin(SOON);
        assertThat(this.observed.outcomes).containsExactly(PublishOutcome.PUBLISHED, PublishOutcome.PUBLISHED);
    }

    @Test
    void aMessageForASlotThatStaysDeletedFailsAsSpringDataSaysIt() {
        int slot = RedisCluster.slot("stays-deleted");
        RedisNode owner = cluster.owner(slot);
        cluster.deleteSlots(slot);
        try (ShardedPublisher impatient = publisher(Duration.ofMillis(100))) {
            assertThatExceptionOfType(RedisSystemException.class)
                    .isThrownBy(() -> impatient.publish("stays-deleted", "x"))
                    .withStackTraceContaining("CLUSTERDOWN");
            assertThat(this.observed.retries).isNotEmpty();
            assertThat(this.observed.outcomes).containsExactly(PublishOutcome.REFUSED);
        } finally {
            cluster.addSlots(owner, slot);
        }
    }

    @Test
    void aMessageThatWaitsForItsSlotIsGivenUpWhenThePublisherIsClosed() {
        int slot = RedisCluster.slot("closing");
        RedisNode owner = cluster.owner(slot);
        cluster.deleteSlots(slot);
        try {
            CompletableFuture<Long> answer = this.publisher.publishAsync("closing", "x");
            await().until(() -> !this.observed.retries.isEmpty());
            this.publisher.close();
            assertThat(answer)
                    .failsWithin(Duration.ofSeconds(2))
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(RedisSystemException.class);
        } finally {
            cluster.addSlots(owner, slot);
        }
    }

    @Test
    void oneRedirectIsEnoughToLearnWhereASlotIs() {
        int slot = RedisCluster.slot("moved");
        this.publisher.publish("moved", "before");
        cluster.moveSlot(slot, cluster.otherMaster(cluster.owner(slot)));
        this.publisher.publish("moved", "after");
        assertThat(this.observed.redirects).isNotEmpty();
        await().atMost(SOON).untilAsserted(() -> {
            int before = this.observed.redirects.size();
            this.publisher.publish("moved", "later");
            assertThat(this.observed.redirects).hasSize(before);
        });
        assertThat(this.observed.retries).isEmpty();
    }

    @Test
    void aMessageOnALostConnectionIsNotSentASecondTime() {
        List<String> received = new CopyOnWriteArrayList<>();
        RedisClusterClient listening = RedisClusterClient.create(uris());
        try (ShardSubscriptions subscriptions =
                SlotFollowingSubscriptions.start(listening, SubscriptionSettings.DEFAULTS)) {
            subscriptions
                    .subscribe(
                            ChannelName.of("lost"),
                            (name, payload) -> received.add(new String(payload, StandardCharsets.UTF_8)))
                    .confirmed()
                    .join();
            this.publisher.publish("lost", "before");
            RedisNode owner = cluster.owner(RedisCluster.slot("lost"));
            owner.freeze();
            CompletableFuture<Long> answer;
            try {
                answer = this.publisher.publishAsync("lost", "on its way");
                channels.forEach(channel -> channel.eventLoop().execute(channel::close));
                channels.forEach(channel -> channel.closeFuture().awaitUninterruptibly());
            } finally {
                owner.thaw();
            }
            assertThat(answer)
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(RedisConnectionFailureException.class);
            this.publisher.publish("lost", "after");
            await().atMost(SOON).untilAsserted(() -> assertThat(received).contains("after"));
            assertThat(received).containsExactly("before", "on its way", "after");
            assertThat(this.observed.outcomes)
                    .containsExactly(PublishOutcome.PUBLISHED, PublishOutcome.UNKNOWN, PublishOutcome.PUBLISHED);
            assertThat(this.observed.retries).isEmpty();
        } finally {
            listening.shutdown(0, 2, TimeUnit.SECONDS);
        }
    }

    @Test
    void aMessageForADeadMasterGoesToTheReplicaThatIsPromoted() {
        RedisNode master = cluster.owner(RedisCluster.slot("failed over"));
        this.publisher.publish("failed over", "before");
        master.kill();
        try {
            // the first may have been on the wire
            await().atMost(SOON).ignoreExceptions().until(() -> this.publisher.publish("failed over", "after") >= 0);
            assertThat(this.observed.retries).isNotEmpty();
        } finally {
            master.restart();
            cluster.awaitAgreement();
        }
    }
}
