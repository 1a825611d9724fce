package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;

/** On real servers: listeners that are slower than their messages come. */
@LiveTest
class BackpressureTests {

    private static final int MESSAGES = 20_000;

    private static final int CAPACITY = 50;

    private static final byte[] PADDING = new byte[1000];

    private static RedisClusterClient client;

    private static StatefulRedisClusterConnection<String, String> publisher;

    private final List<NodeAddress> pauses = new CopyOnWriteArrayList<>();

    private final List<Integer> received = new CopyOnWriteArrayList<>();

    private final AtomicInteger dropped = new AtomicInteger();

    /** How many messages slow listeners may take. */
    private final Semaphore permits = new Semaphore(0);

    private ShardSubscriptions subscriptions;

    private ShardedRedisMessageListenerContainer container;

    private String slow;

    private String neighbour;

    private String distant;

    @BeforeAll
    static void connect() {
        RedisNode node = LiveCluster.get().masters().get(0);
        client = RedisClusterClient.create(RedisURI.create(node.host(), node.port()));
        publisher = client.connect();
    }

    @AfterAll
    static void disconnect() {
        publisher.close();
        client.shutdown(0, 2, TimeUnit.SECONDS);
    }

    @BeforeEach
    void start() {
        RedisNode node = LiveCluster.get().masters().get(0);
        this.slow = LiveCluster.get().channelOwnedBy(node, "slow");
        this.neighbour = LiveCluster.get().channelOwnedBy(node, "neighbour");
        this.distant = LiveCluster.get().channelOwnedBy(LiveCluster.get().otherMaster(node), "distant");
        this.subscriptions = SlotFollowingSubscriptions.start(client, SubscriptionSettings.DEFAULTS);
        this.subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void readingPaused(NodeAddress node) {
                BackpressureTests.this.pauses.add(node);
            }
        });
        this.container = new ShardedRedisMessageListenerContainer(this.subscriptions);
        this.container.setConnectionFactory(mock(RedisConnectionFactory.class));
        this.container.setQueueCapacity(CAPACITY);
        this.container.setShutdownTimeout(0);
        this.container.afterPropertiesSet();
        this.container.addDeliveryObserver(new DeliveryObserver() {

            @Override
            public void dropped(ChannelName channel, long count) {
                BackpressureTests.this.dropped.addAndGet((int) count);
            }
        });
        this.container.start();
    }

    @AfterEach
    void stop() throws Exception {
        this.permits.release(10 * MESSAGES);
        this.container.destroy();
        this.subscriptions.close();
    }

    private MessageListener slowListener() {
        return (message, pattern) -> {
            try {
                this.permits.acquire();
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
            this.received.add(number(message.getBody()));
        };
    }

    private static int number(byte[] payload) {
        return Integer.parseInt(new String(payload, StandardCharsets.UTF_8).trim());
    }

    private static void publish(String channel, int count) {
        String padding = new String(PADDING, StandardCharsets.UTF_8).replace('\0', ' ');
        List<Future<Long>> sent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sent.add(publisher.async().spublish(channel, i + padding));
        }
        await().until(() -> sent.stream().allMatch(Future::isDone));
    }

    @Test
    void blockingLosesNothingAndHoldsLittleInMemory() {
        this.container.addMessageListener(
                slowListener(),
                List.of(ChannelTopic.of(this.slow)),
                ListenerOptions.DEFAULTS.withOverflow(OverflowPolicy.BLOCK));

        publish(this.slow, MESSAGES);

        await().until(() -> !this.pauses.isEmpty());
        assertThat(this.container.queueSize())
                .as("what is read at once, and the rest is with the server and the network")
                .isLessThan(MESSAGES / 10);
        this.permits.release(10 * MESSAGES);
        await().atMost(Duration.ofSeconds(20)).until(() -> this.received.size() == MESSAGES);
        assertThat(this.received).isEqualTo(IntStream.range(0, MESSAGES).boxed().toList());
        assertThat(this.dropped).hasValue(0);
    }

    @Test
    void blockingHoldsUpTheChannelsOfItsNodeAndNoOther() {
        List<Integer> near = new CopyOnWriteArrayList<>();
        List<Integer> far = new CopyOnWriteArrayList<>();
        this.container.addMessageListener(
                (message, pattern) -> near.add(number(message.getBody())), ChannelTopic.of(this.neighbour));
        this.container.addMessageListener(
                (message, pattern) -> far.add(number(message.getBody())), ChannelTopic.of(this.distant));
        this.container.addMessageListener(
                slowListener(),
                List.of(ChannelTopic.of(this.slow)),
                ListenerOptions.DEFAULTS.withOverflow(OverflowPolicy.BLOCK));

        publish(this.slow, MESSAGES);
        publish(this.neighbour, 1);
        publish(this.distant, 1);

        await().until(() -> far.size() == 1);
        await().during(Duration.ofMillis(300)).until(near::isEmpty);
        this.permits.release(10 * MESSAGES);
        await().atMost(Duration.ofSeconds(20)).until(() -> near.size() == 1);
    }

    /** The listener takes nothing, and the next messages wait in the queue and with the server; then it takes them all in order. */
    private void blocksAndLosesNothing() {
        await().until(() -> this.container.queueSize() == 0);
        this.permits.drainPermits();
        this.received.clear();
        this.pauses.clear();
        publish(this.slow, MESSAGES);
        await().until(() -> !this.pauses.isEmpty());
        assertThat(this.container.queueSize()).isLessThan(MESSAGES / 10);
        this.permits.release(10 * MESSAGES);
        await().atMost(Duration.ofSeconds(20)).until(() -> this.received.size() == MESSAGES);
        assertThat(this.received).isEqualTo(IntStream.range(0, MESSAGES).boxed().toList());
        assertThat(this.dropped).hasValue(0);
    }

    private void awaitSubscribedAgain() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> this.subscriptions
                        .channel(ChannelName.of(this.slow))
                        .filter(status -> status.interruptions() == 1 && status.state() == ChannelState.SUBSCRIBED)
                        .isPresent());
    }

    @Test
    void blocksAgainAfterALostConnection() {
        this.container.addMessageListener(
                slowListener(),
                List.of(ChannelTopic.of(this.slow)),
                ListenerOptions.DEFAULTS.withOverflow(OverflowPolicy.BLOCK));
        publish(this.slow, MESSAGES);
        LiveCluster.get().masters().forEach(node -> node.command("CLIENT", "KILL", "TYPE", "pubsub"));

        this.permits.release(10 * MESSAGES);
        awaitSubscribedAgain();

        blocksAndLosesNothing();
    }

    @Test
    void hearsTheOldOwnerOutAndBlocksAtTheNewOneWhenTheSlotMovesMeanwhile() {
        this.container.addMessageListener(
                slowListener(),
                List.of(ChannelTopic.of(this.slow)),
                ListenerOptions.DEFAULTS.withOverflow(OverflowPolicy.BLOCK));
        publish(this.slow, MESSAGES);
        LiveCluster.moveSlotOf(this.slow);

        this.permits.release(10 * MESSAGES);
        await().atMost(Duration.ofSeconds(20)).until(() -> this.received.size() == MESSAGES);
        assertThat(this.received).isEqualTo(IntStream.range(0, MESSAGES).boxed().toList());
        awaitSubscribedAgain();

        blocksAndLosesNothing();
    }

    @Test
    void droppingHoldsUpNobody() {
        List<Integer> near = new CopyOnWriteArrayList<>();
        this.container.addMessageListener(
                (message, pattern) -> near.add(number(message.getBody())), ChannelTopic.of(this.neighbour));
        this.container.addMessageListener(slowListener(), ChannelTopic.of(this.slow));

        publish(this.slow, MESSAGES);
        publish(this.neighbour, 1);

        await().until(() -> near.size() == 1);
        assertThat(this.pauses).isEmpty();
        await().until(() -> this.dropped.get() == MESSAGES - CAPACITY - 1);
        this.permits.release(10 * MESSAGES);
        await().until(() -> this.received.size() == CAPACITY + 1);
        assertThat(this.received.get(CAPACITY)).as("the oldest are dropped").isEqualTo(MESSAGES - 1);
    }
}
