package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.publisher.ReactiveShardedPublisher;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.ReactiveSubscription.Message;
import org.springframework.data.redis.listener.ChannelTopic;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Nothing blocks an event loop or one of Reactor's threads that must not be blocked. BlockHound stays in a JVM once it is there, so
 * that these tests have one of their own.
 */
@Tag("blockhound")
class NothingBlocksTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    /** What has blocked, each with its stack trace. It is not thrown, so that it does no harm that would be seen in its place. */
    private static final Queue<Throwable> blocked = new ConcurrentLinkedQueue<>();

    private static RedisClusterClient client;

    private ShardSubscriptions subscriptions;

    private ReactiveShardedRedisMessageListenerContainer container;

    private ShardedPublisher publisher;

    @BeforeAll
    static void install() {
        BlockHound.install(builder -> builder
                // Netty's own: two event loops can want the same part of its pool of buffers
                .allowBlockingCallsInside("io.netty.buffer.AdaptivePoolingAllocator", "allocate")
                .blockingMethodCallback(method -> blocked.add(new BlockingOperationError(method))));
        client = RedisClusterClient.create(
                RedisURI.create("redis://" + LiveCluster.get().addresses().get(0)));
    }

    @AfterAll
    static void disconnect() {
        client.shutdown(0, 2, TimeUnit.SECONDS);
    }

    @BeforeEach
    void start() {
        blocked.clear();
        this.subscriptions = SlotFollowingSubscriptions.start(client, SubscriptionSettings.DEFAULTS);
        this.container = new ReactiveShardedRedisMessageListenerContainer(this.subscriptions);
        this.container.setQueueCapacity(10);
        this.container.start();
        this.publisher = new ShardedPublisher(() -> client, null);
    }

    @AfterEach
    void stop() {
        this.publisher.close();
        this.container.destroy();
        this.subscriptions.close();
    }

    @Test
    void subscribingReceivingPublishingAndCancellingBlockNothing() {
        ReactiveShardedPublisher reactive = new ReactiveShardedPublisher(this.publisher);
        for (OverflowPolicy overflow : OverflowPolicy.values()) {
            List<ChannelTopic> topics = IntStream.range(0, 20)
                    .mapToObj(i -> ChannelTopic.of("unblocked-" + i))
                    .toList();
            AtomicInteger received = new AtomicInteger();
            Mono<Void> receiving = Flux.range(0, 8)
                    .flatMap(i -> receive(topics, overflow)
                            .flatMapMany(messages -> messages)
                            .doOnNext(message -> received.incrementAndGet())
                            .limitRate(5)
                            .publishOn(Schedulers.parallel())
                            .take(50)
                            .subscribeOn(Schedulers.parallel()))
                    .then();
            CompletableFuture<Void> done = receiving.toFuture();
            await().atMost(SOON).until(() -> this.subscriptions.channels().size() == topics.size());

            // published from a parallel thread, and on the event loop that brings the answers
            Flux.range(0, 2_000)
                    .map(i -> new ShardMessage("unblocked-" + i % 20, String.valueOf(i)))
                    .transform(reactive::publishAll)
                    .repeat(() -> !done.isDone())
                    .subscribeOn(Schedulers.parallel())
                    .blockLast(SOON);

            assertThat(done).succeedsWithin(SOON);
            await().atMost(SOON).until(() -> this.subscriptions.channels().isEmpty());
            assertThat(received.get()).isGreaterThanOrEqualTo(400);
        }
        assertThat(blocked).isEmpty();
    }

    private Mono<Flux<Message<String, String>>> receive(List<ChannelTopic> topics, OverflowPolicy overflow) {
        this.container.setOverflowPolicy(overflow);
        return this.container.receiveLater(topics.toArray(ChannelTopic[]::new));
    }

    @Test
    void movingASlotBlocksNothing() {
        CompletableFuture<List<String>> received = this.container
                .receive(ChannelTopic.of("unblocked-moving"))
                .subscribeOn(Schedulers.parallel())
                .map(Message::getMessage)
                .take(2)
                .collectList()
                .toFuture();
        for (int i = 0; i < 2; i++) {
            String message = "move " + i;
            await().atMost(SOON).until(() -> this.publisher.publish("unblocked-moving", message) == 1);
            LiveCluster.moveSlotOf("unblocked-moving");
        }
        assertThat(received).succeedsWithin(SOON).isEqualTo(List.of("move 0", "move 1"));
        assertThat(blocked).isEmpty();
    }

    /** That the tests above can fail. */
    @Test
    void whatBlocksAnEventLoopOrAParallelThreadIsFound() {
        ShardSubscription claim = this.subscriptions.subscribe(
                ChannelName.of("unblocked-caught"), (channel, payload) -> LockSupport.parkNanos(1));
        assertThat(claim.confirmed()).succeedsWithin(SOON);
        this.publisher.publish("unblocked-caught", "x");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(blocked)
                        .singleElement()
                        .satisfies(error -> assertThat(error).hasMessageContaining("park")));

        Mono.fromRunnable(() -> LiveCluster.get().nodes().get(0).command("PING"))
                .subscribeOn(Schedulers.parallel())
                .block(SOON);
        assertThat(blocked).anySatisfy(error -> assertThat(error).hasMessageContaining("Socket"));
    }
}
