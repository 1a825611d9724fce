package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import org.springframework.data.redis.connection.ReactiveSubscription.ChannelMessage;
import org.springframework.data.redis.connection.ReactiveSubscription.Message;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

class ReactiveShardedRedisMessageListenerContainerTests {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static final SerializationPair<String> TEXT = SerializationPair.fromSerializer(RedisSerializer.string());

    private static final ChannelTopic A = ChannelTopic.of("a");

    private static final ChannelTopic B = ChannelTopic.of("b");

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();

    private final ReactiveShardedRedisMessageListenerContainer container =
            new ReactiveShardedRedisMessageListenerContainer(this.subscriptions);

    private final AtomicInteger dropped = new AtomicInteger();

    @BeforeEach
    void start() {
        this.container.setQueueCapacity(3);
        this.container.addDeliveryObserver(new DeliveryObserver() {

            @Override
            public void dropped(ChannelName channel, long count) {
                ReactiveShardedRedisMessageListenerContainerTests.this.dropped.addAndGet((int) count);
            }
        });
        this.container.start();
    }

    @AfterEach
    void stop() {
        this.container.destroy();
    }

    private static Message<String, String> message(String channel, String body) {
        return new ChannelMessage<>(channel, body);
    }

    private void claimed(String... channels) {
        await().untilAsserted(() -> assertThat(this.subscriptions.claimed()).containsExactly(channels));
    }

    private void publish(String channel, int count) {
        IntStream.range(0, count).forEach(i -> this.subscriptions.message(channel, String.valueOf(i)));
    }

    private Flux<String> bodies(OverflowPolicy overflow, ChannelTopic... topics) {
        return this.container
                .receive(List.of(topics), TEXT, TEXT, ListenerOptions.DEFAULTS.withOverflow(overflow))
                .map(Message::getMessage);
    }

    @Test
    void channelsAreClaimedForASubscriberAndReleasedWhenItCancels() {
        Flux<Message<String, String>> messages = this.container.receive(A, B);
        assertThat(this.subscriptions.batches()).isEmpty();

        StepVerifier.create(messages)
                .then(() -> claimed("a", "b"))
                .then(() -> this.subscriptions.message("b", "tea"))
                .expectNext(message("b", "tea"))
                .then(() -> this.subscriptions.message("a", "coffee"))
                .expectNext(message("a", "coffee"))
                .thenCancel()
                .verify(SOON);

        claimed();
    }

    @Test
    void whoCancelledCanSubscribeAgain() {
        Flux<Message<String, String>> messages = this.container.receive(A);
        for (int i = 0; i < 3; i++) {
            StepVerifier.create(messages)
                    .then(() -> claimed("a"))
                    .then(() -> this.subscriptions.message("a", "tea"))
                    .expectNext(message("a", "tea"))
                    .thenCancel()
                    .verify(SOON);
            claimed();
        }
    }

    @Test
    void severalSubscribersShareAClaimUntilTheLastHasCancelled() {
        List<String> first = new CopyOnWriteArrayList<>();
        List<String> second = new CopyOnWriteArrayList<>();
        Disposable one = this.container.receive(A).subscribe(message -> first.add(message.getMessage()));
        Disposable two = this.container.receive(A, B).subscribe(message -> second.add(message.getMessage()));
        claimed("a", "b");
        await().until(() -> this.container.queueCapacity() == 9);

        publish("a", 1);

        await().until(() -> first.size() == 1 && second.size() == 1);
        assertThat(this.subscriptions.batches()).containsExactly(List.of("a"), List.of("b"));
        one.dispose();
        await().until(() -> this.container.queueCapacity() == 6);
        assertThat(this.subscriptions.claimed()).containsExactly("a", "b");
        two.dispose();
        claimed();
    }

    @Test
    void aSubscriberGetsWhatItHasRequestedAndTheRestWaits() {
        StepVerifier.create(bodies(OverflowPolicy.DROP_NEWEST, A), 0)
                .then(() -> claimed("a"))
                .then(() -> publish("a", 3))
                .expectNoEvent(Duration.ofMillis(50))
                .thenRequest(1)
                .expectNext("0")
                .then(() -> await().until(() -> this.container.queueSize() == 2))
                .thenRequest(Long.MAX_VALUE)
                .expectNext("1", "2")
                .thenCancel()
                .verify(SOON);
        assertThat(this.dropped).hasValue(0);
    }

    @Test
    void theOldestIsDroppedWhenAQueueIsFull() {
        StepVerifier.create(bodies(OverflowPolicy.DROP_OLDEST, A), 0)
                .then(() -> claimed("a"))
                .then(() -> publish("a", 10))
                .thenRequest(Long.MAX_VALUE)
                .expectNext("7", "8", "9")
                .thenCancel()
                .verify(SOON);
        assertThat(this.dropped).hasValue(7);
    }

    @Test
    void theNewestIsDroppedWhenAQueueIsFull() {
        StepVerifier.create(bodies(OverflowPolicy.DROP_NEWEST, A), 0)
                .then(() -> claimed("a"))
                .then(() -> publish("a", 10))
                .thenRequest(Long.MAX_VALUE)
                .expectNext("0", "1", "2")
                .thenCancel()
                .verify(SOON);
        assertThat(this.dropped).hasValue(7);
    }

    @Test
    void nothingIsReadWhileAQueueThatBlocksIsFull() {
        StepVerifier.create(bodies(OverflowPolicy.BLOCK, A), 0)
                .then(() -> claimed("a"))
                .then(() -> publish("a", 3))
                .then(() -> assertThat(this.subscriptions.unread()).containsExactly("a"))
                .thenRequest(2)
                .expectNext("0", "1")
                .then(() -> await().until(() -> this.subscriptions.unread().isEmpty()))
                .thenRequest(1)
                .expectNext("2")
                .thenCancel()
                .verify(SOON);
        assertThat(this.dropped).hasValue(0);
    }

    @Test
    void aFullQueueThatBlocksIsReadPastWhenItsSubscriberCancels() {
        StepVerifier.create(bodies(OverflowPolicy.BLOCK, A), 0)
                .then(() -> claimed("a"))
                .then(() -> publish("a", 3))
                .then(() -> assertThat(this.subscriptions.unread()).containsExactly("a"))
                .thenCancel()
                .verify(SOON);
        await().until(() -> this.subscriptions.unread().isEmpty());
        await().untilAsserted(() -> assertThat(this.dropped).hasValue(3));
    }

    @Test
    void aSlowSubscriberDelaysNoOther() {
        List<String> slow = new CopyOnWriteArrayList<>();
        BaseSubscriber<String> hesitant = new BaseSubscriber<>() {

            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(String value) {
                slow.add(value);
            }
        };
        bodies(OverflowPolicy.DROP_OLDEST, A).subscribe(hesitant);
        List<String> quick = new CopyOnWriteArrayList<>();
        Disposable other = bodies(OverflowPolicy.DROP_OLDEST, A).subscribe(quick::add);
        await().until(() -> this.container.queueCapacity() == 6);

        for (int i = 0; i < 100; i++) {
            int expected = i + 1;
            this.subscriptions.message("a", String.valueOf(i));
            await().pollDelay(Duration.ZERO).until(() -> quick.size() == expected);
        }

        assertThat(slow).containsExactly("0");
        assertThat(this.dropped).hasValue(96);
        hesitant.cancel();
        other.dispose();
    }

    @Test
    void signalsOfSeveralChannelsComeOneAfterTheOther() {
        this.container.setQueueCapacity(10_000);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger count = new AtomicInteger();
        ChannelTopic[] topics =
                IntStream.range(0, 8).mapToObj(i -> ChannelTopic.of("c" + i)).toArray(ChannelTopic[]::new);
        Disposable subscription = this.container.receive(topics).subscribe(message -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            Thread.yield();
            inside.decrementAndGet();
            count.incrementAndGet();
        });
        await().until(() -> this.subscriptions.claimed().size() == 8);

        IntStream.range(0, 8_000).forEach(i -> this.subscriptions.message("c" + i % 8, "x"));

        await().until(() -> count.get() == 8_000);
        assertThat(most).hasValue(1);
        subscription.dispose();
    }

    @Test
    void receiveLaterGivesMessagesWhenAllChannelsAreConfirmed() {
        this.subscriptions.silence("b");
        StepVerifier.create(this.container.receiveLater(A, B))
                .then(() -> claimed("a", "b"))
                .expectNoEvent(Duration.ofMillis(50))
                .then(() -> this.subscriptions.message("a", "early"))
                .then(() -> this.subscriptions.confirm("b"))
                .assertNext(messages -> StepVerifier.create(messages)
                        .expectNext(message("a", "early"))
                        .thenCancel()
                        .verify(SOON))
                .expectComplete()
                .verify(SOON);
        claimed();
    }

    @Test
    void whoGivesUpWaitingGivesUpTheChannels() {
        this.subscriptions.silence("a");
        Sinks.Empty<Void> patience = Sinks.empty();
        StepVerifier.create(this.container.receiveLater(A).timeout(patience.asMono()))
                .then(() -> claimed("a"))
                .then(patience::tryEmitEmpty)
                .expectError(TimeoutException.class)
                .verify(SOON);
        claimed();
    }

    @Test
    void whatReceiveLaterGaveIsForOneSubscriber() {
        Flux<Message<String, String>> messages =
                this.container.receiveLater(A).blockOptional(SOON).orElseThrow();
        Disposable first = messages.subscribe();
        StepVerifier.create(messages)
                .expectErrorMessage(
                        "The messages of [a] that receiveLater gave have a subscriber already. Call receive or"
                                + " receiveLater for each")
                .verify(SOON);
        assertThat(this.subscriptions.claimed()).containsExactly("a");
        first.dispose();
        claimed();
    }

    @Test
    void aRefusedChannelEndsTheFluxAndGivesUpTheOthers() {
        this.subscriptions.refuse("b");
        StepVerifier.create(this.container.receive(A, B))
                .expectError(ShardSubscriptionRefusedException.class)
                .verify(SOON);
        claimed();
        StepVerifier.create(this.container.receiveLater(A, B))
                .expectError(ShardSubscriptionRefusedException.class)
                .verify(SOON);
        claimed();
    }

    @Test
    void aPayloadThatCannotBeReadEndsTheFlux() {
        SerializationPair<Integer> numbers =
                SerializationPair.just(bytes -> Integer.valueOf(TEXT.read(bytes)), number -> ByteBuffer.allocate(0));
        StepVerifier.create(this.container.receive(List.of(A), TEXT, numbers).map(Message::getMessage))
                .then(() -> claimed("a"))
                .then(() -> this.subscriptions.message("a", "1"))
                .expectNext(1)
                .then(() -> this.subscriptions.message("a", "one"))
                .expectError(NumberFormatException.class)
                .verify(SOON);
        claimed();
    }

    @Test
    void whoSubscribesBeforeTheStartHasMessagesFromThenOn() {
        this.container.stop();
        StepVerifier.create(this.container.receive(A))
                .expectSubscription()
                .then(() -> await().until(() -> this.container.queueCapacity() == 3))
                .then(() -> assertThat(this.subscriptions.claimed()).isEmpty())
                .then(this.container::start)
                .then(() -> claimed("a"))
                .then(() -> this.subscriptions.message("a", "tea"))
                .expectNext(message("a", "tea"))
                .thenCancel()
                .verify(SOON);
    }

    @Test
    void aChannelThatIsRefusedToWhomSubscribedBeforeDoesNotHarmTheStart() {
        this.container.stop();
        this.subscriptions.refuse("a");
        StepVerifier.create(this.container.receive(A))
                .expectSubscription()
                .then(() -> await().until(() -> this.container.queueCapacity() == 3))
                .then(this.container::start)
                .expectError(ShardSubscriptionRefusedException.class)
                .verify(SOON);
        assertThat(this.container.isRunning()).isTrue();
    }

    @Test
    void stoppingCompletesEveryFluxAfterWhatItHasRequested() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        List<String> signals = new CopyOnWriteArrayList<>();
        this.container
                .receive(A)
                .doOnNext(message -> {
                    entered.countDown();
                    awaitQuietly(release);
                })
                .subscribe(message -> signals.add(message.getMessage()), null, () -> signals.add("end"));
        BaseSubscriber<String> idle = new BaseSubscriber<>() {

            @Override
            protected void hookOnSubscribe(Subscription subscription) {}

            @Override
            protected void hookOnComplete() {
                signals.add("end of idle");
            }
        };
        bodies(OverflowPolicy.DROP_OLDEST, B).subscribe(idle);
        Mono<?> waiting = this.container.receiveLater(ChannelTopic.of("silent"));
        this.subscriptions.silence("silent");
        AtomicReference<String> waited = new AtomicReference<>();
        waiting.subscribe(flux -> waited.set("flux"), ex -> waited.set("error"), () -> waited.set("empty"));
        claimed("a", "b", "silent");
        publish("a", 3);
        publish("b", 2);
        entered.await();

        Thread stopping = new Thread(this.container::stop);
        stopping.start();
        claimed();
        release.countDown();
        stopping.join();

        assertThat(signals).startsWith("0", "1", "2").containsOnlyOnce("end", "end of idle");
        assertThat(waited).hasValue("empty");
        assertThat(this.dropped).as("what nobody had requested").hasValue(2);
        assertThat(this.container.queueSize()).isZero();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void destroyingCompletesAlsoWhatHasNotStarted() {
        this.container.stop();
        StepVerifier.create(this.container.receive(A))
                .expectSubscription()
                .then(this.container::destroy)
                .expectComplete()
                .verify(SOON);
        StepVerifier.create(this.container.receive(A))
                .expectError(IllegalStateException.class)
                .verify(SOON);
    }

    @Test
    void closedSubscriptionsAreAnError() {
        this.subscriptions.close();
        StepVerifier.create(this.container.receive(A))
                .expectErrorMessage("These subscriptions are closed")
                .verify(SOON);
    }

    @Test
    void whatHasNoMeaningIsRefusedAtOnce() {
        assertThatExceptionOfType(ShardChannelPatternException.class)
                .isThrownBy(() -> this.container.receive(List.of(PatternTopic.of("a*")), TEXT, TEXT));
        assertThatIllegalArgumentException().isThrownBy(() -> this.container.receive());
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        this.container.receive(Set.of(A), TEXT, TEXT, ListenerOptions.DEFAULTS.withConcurrency(2)))
                .withMessageContaining("no concurrency");
    }
}
