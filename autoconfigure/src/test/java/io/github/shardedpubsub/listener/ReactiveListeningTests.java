package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.ReactiveSubscription.ChannelMessage;
import org.springframework.data.redis.connection.ReactiveSubscription.Message;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The reactive container on real servers. */
@LiveTest
class ReactiveListeningTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final int MESSAGES = 20_000;

    private static final int CAPACITY = 50;

    private static final String PADDING = " ".repeat(1000);

    private static final SerializationPair<String> TEXT = SerializationPair.fromSerializer(RedisSerializer.string());

    private static RedisClusterClient client;

    private static StatefulRedisClusterConnection<String, String> publisher;

    private final AtomicInteger dropped = new AtomicInteger();

    private ShardSubscriptions subscriptions;

    private ReactiveShardedRedisMessageListenerContainer container;

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
        start(SlotFollowingSubscriptions.start(client, SubscriptionSettings.DEFAULTS));
    }

    private void start(ShardSubscriptions subscriptions) {
        this.subscriptions = subscriptions;
        this.container = new ReactiveShardedRedisMessageListenerContainer(subscriptions);
        this.container.setQueueCapacity(CAPACITY);
        this.container.addDeliveryObserver(new DeliveryObserver() {

            @Override
            public void dropped(ChannelName channel, long count) {
                ReactiveListeningTests.this.dropped.addAndGet((int) count);
            }
        });
        this.container.start();
    }

    @AfterEach
    void stop() {
        this.container.destroy();
        this.subscriptions.close();
    }

    private static Message<String, String> message(String channel, String body) {
        return new ChannelMessage<>(channel, body);
    }

    private static List<String> subscribedAtServers() {
        return LiveCluster.get().masters().stream()
                .flatMap(node -> node.command("PUBSUB", "SHARDCHANNELS").lines())
                .filter(channel -> channel.startsWith("flux"))
                .toList();
    }

    /** At whichever node has the slot now. */
    private static long publish(String channel, String message) {
        RedisNode owner = LiveCluster.get().owner(RedisCluster.slot(channel));
        return Long.parseLong(owner.command("SPUBLISH", channel, message));
    }

    private static void publishMany(String channel) {
        List<Future<Long>> sent = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            sent.add(publisher.async().spublish(channel, i + PADDING));
        }
        await().atMost(SOON).until(() -> sent.stream().allMatch(Future::isDone));
    }

    private Flux<Integer> numbers(String channel, OverflowPolicy overflow) {
        return this.container
                .receiveLater(
                        List.of(ChannelTopic.of(channel)), TEXT, TEXT, ListenerOptions.DEFAULTS.withOverflow(overflow))
                .blockOptional(SOON)
                .orElseThrow()
                .map(message -> Integer.valueOf(message.getMessage().trim()));
    }

    @Test
    void theSubscriptionAtTheServerIsThereAsLongAsASubscriberAndAgainForTheNext() {
        for (int i = 0; i < 2; i++) {
            assertThat(subscribedAtServers()).isEmpty();
            StepVerifier.create(this.container.receive(ChannelTopic.of("flux-1"), ChannelTopic.of("flux-2")))
                    .then(() -> await().untilAsserted(() ->
                            assertThat(subscribedAtServers()).containsExactlyInAnyOrder("flux-1", "flux-2")))
                    .then(() -> assertThat(publish("flux-1", "tea")).isEqualTo(1))
                    .expectNext(message("flux-1", "tea"))
                    .then(() -> assertThat(publish("flux-2", "coffee")).isEqualTo(1))
                    .expectNext(message("flux-2", "coffee"))
                    .thenCancel()
                    .verify(SOON);
            await().untilAsserted(() -> assertThat(subscribedAtServers()).isEmpty());
        }
    }

    @Test
    void whatIsPublishedOnceReceiveLaterHasCompletedComes() {
        StepVerifier.create(this.container
                        .receiveLater(ChannelTopic.of("flux-later"))
                        .flatMapMany(messages -> {
                            publish("flux-later", "tea");
                            return messages;
                        }))
                .expectNext(message("flux-later", "tea"))
                .thenCancel()
                .verify(SOON);
        await().untilAsserted(() -> assertThat(subscribedAtServers()).isEmpty());
    }

    @Test
    void followsItsSlotAndTellsOfTheInterruption() {
        List<ShardChannelEvent> events = new CopyOnWriteArrayList<>();
        var watching = this.container.events(ChannelTopic.of("flux-moving")).subscribe(events::add);
        int slot = RedisCluster.slot("flux-moving");
        StepVerifier.create(this.container.receive(ChannelTopic.of("flux-moving"), ChannelTopic.of("flux-staying")))
                .then(() -> await().until(() -> subscribedAtServers().size() == 2))
                .then(() -> LiveCluster.moveSlotOf("flux-moving"))
                .then(() -> await().atMost(SOON).until(() -> publish("flux-moving", "moved") == 1))
                .expectNext(message("flux-moving", "moved"))
                // dropped by its owner, although nothing moves: this cannot be seen beforehand
                .then(() -> {
                    RedisNode owner = LiveCluster.get().owner(slot);
                    LiveCluster.get().deleteSlots(slot);
                    await().until(() -> events.stream().anyMatch(ShardInterruptedEvent.class::isInstance));
                    LiveCluster.get().addSlots(owner, slot);
                    LiveCluster.get().awaitAgreement();
                })
                .then(() -> await().atMost(SOON).until(() -> publish("flux-moving", "again") == 1))
                .expectNext(message("flux-moving", "again"))
                .thenCancel()
                .verify(SOON);
        await().untilAsserted(() -> assertThat(events)
                .hasAtLeastOneElementOfType(ShardSubscribedEvent.class)
                .hasAtLeastOneElementOfType(ShardInterruptedEvent.class)
                .last()
                .isInstanceOf(ShardRestoredEvent.class));
        assertThat(events).extracting(ShardChannelEvent::channel).containsOnly("flux-moving");
        watching.dispose();
    }

    @Test
    void blockingLosesNothingAndHoldsLittleInMemory() {
        StepVerifier.create(numbers("flux-block", OverflowPolicy.BLOCK), 0)
                .then(() -> publishMany("flux-block"))
                .then(() -> assertThat(this.container.queueSize())
                        .as("what is read at once, and the rest is with the server and the network")
                        .isBetween(CAPACITY, MESSAGES / 10))
                .thenRequest(10)
                .expectNext(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
                .thenRequest(Long.MAX_VALUE)
                .expectNextSequence(IntStream.range(10, MESSAGES).boxed().toList())
                .thenCancel()
                .verify(SOON);
        assertThat(this.dropped).hasValue(0);
    }

    @Test
    void droppingTheOldestLeavesTheLast() {
        StepVerifier.create(numbers("flux-oldest", OverflowPolicy.DROP_OLDEST), 0)
                .then(() -> publishMany("flux-oldest"))
                .then(() -> await().until(() -> this.dropped.get() == MESSAGES - CAPACITY))
                .thenRequest(Long.MAX_VALUE)
                .expectNextSequence(
                        IntStream.range(MESSAGES - CAPACITY, MESSAGES).boxed().toList())
                .thenCancel()
                .verify(SOON);
    }

    @Test
    void droppingTheNewestLeavesTheFirst() {
        StepVerifier.create(numbers("flux-newest", OverflowPolicy.DROP_NEWEST), 0)
                .then(() -> publishMany("flux-newest"))
                .then(() -> await().until(() -> this.dropped.get() == MESSAGES - CAPACITY))
                .thenRequest(Long.MAX_VALUE)
                .expectNextSequence(IntStream.range(0, CAPACITY).boxed().toList())
                .thenCancel()
                .verify(SOON);
    }

    @Test
    void aChannelThatTheUserMayNotHaveIsAnError() {
        stop();
        LiveCluster.get()
                .nodes()
                .forEach(node -> node.command(
                        "ACL",
                        "SETUSER",
                        "narrow-flux",
                        "on",
                        ">secret",
                        "+@all",
                        "~*",
                        "resetchannels",
                        "&flux-mine"));
        RedisNode node = LiveCluster.get().masters().get(0);
        RedisURI narrow = RedisURI.builder()
                .withHost(node.host())
                .withPort(node.port())
                .withAuthentication("narrow-flux", "secret")
                .build();
        RedisClusterClient narrowClient = RedisClusterClient.create(narrow);
        try {
            start(SlotFollowingSubscriptions.start(narrowClient, narrow, SubscriptionSettings.DEFAULTS));
            StepVerifier.create(this.container.receive(ChannelTopic.of("flux-mine"), ChannelTopic.of("flux-theirs")))
                    .expectErrorSatisfies(ex -> assertThat(ex)
                            .isInstanceOf(ShardSubscriptionRefusedException.class)
                            .hasMessageContaining("&flux-theirs"))
                    .verify(SOON);
            await().untilAsserted(() -> assertThat(subscribedAtServers()).isEmpty());
            StepVerifier.create(this.container.receiveLater(ChannelTopic.of("flux-theirs")))
                    .expectError(ShardSubscriptionRefusedException.class)
                    .verify(SOON);
        } finally {
            stop();
            narrowClient.shutdown(0, 2, TimeUnit.SECONDS);
            LiveCluster.get().nodes().forEach(each -> each.command("ACL", "DELUSER", "narrow-flux"));
        }
    }
}
