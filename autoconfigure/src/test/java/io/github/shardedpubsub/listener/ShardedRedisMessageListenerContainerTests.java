package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.SubscriptionListener;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.listener.Topic;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;

class ShardedRedisMessageListenerContainerTests {

    private static final ChannelTopic A = ChannelTopic.of("a");

    private static final ChannelTopic B = ChannelTopic.of("b");

    private static final ChannelTopic C = ChannelTopic.of("c");

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();

    private final ShardedRedisMessageListenerContainer container =
            new ShardedRedisMessageListenerContainer(this.subscriptions);

    private final Recorder listener = new Recorder();

    @BeforeEach
    void initialize() {
        this.container.setConnectionFactory(mock(RedisConnectionFactory.class));
        this.container.setMaxSubscriptionRegistrationWaitingTime(2000);
        this.container.afterPropertiesSet();
    }

    @AfterEach
    void destroy() throws Exception {
        this.container.destroy();
    }

    private static final class Recorder implements MessageListener {

        private final List<String> received = new CopyOnWriteArrayList<>();

        @Override
        public void onMessage(Message message, byte @Nullable [] pattern) {
            this.received.add(new String(message.getChannel(), StandardCharsets.UTF_8) + "="
                    + new String(message.getBody(), StandardCharsets.UTF_8));
        }
    }

    private void awaitReceived(Recorder recorder, String... messages) {
        await().untilAsserted(() -> assertThat(recorder.received).containsExactly(messages));
    }

    @Test
    void onlyRegistersWhileItIsStopped() {
        this.container.addMessageListener(this.listener, A);
        assertThat(this.subscriptions.batches()).isEmpty();
        assertThat(this.container.isRunning()).isFalse();
        assertThat(this.container.isListening()).isFalse();
    }

    @Test
    void claimsAllChannelsAtOnceWhenItStarts() {
        this.container.addMessageListener(this.listener, List.of(A, B));
        this.container.addMessageListener(new Recorder(), List.of(B, C));
        this.container.start();
        assertThat(this.subscriptions.batches())
                .singleElement()
                .satisfies(batch -> assertThat(batch).containsExactlyInAnyOrder("a", "b", "c"));
        assertThat(this.container.isRunning()).isTrue();
        assertThat(this.container.isListening()).isTrue();
    }

    @Test
    void startsWithoutListeners() {
        this.container.start();
        assertThat(this.container.isRunning()).isTrue();
        assertThat(this.container.isListening()).isFalse();
        assertThat(this.subscriptions.batches()).isEmpty();
    }

    @Test
    void deliversToEveryListenerOfTheChannelAndToNoOther() {
        Recorder second = new Recorder();
        Recorder other = new Recorder();
        this.container.addMessageListener(this.listener, List.of(A, B));
        this.container.addMessageListener(second, A);
        this.container.addMessageListener(other, C);
        this.container.start();
        this.subscriptions.message("a", "1");
        this.subscriptions.message("a", "2");
        awaitReceived(this.listener, "a=1", "a=2");
        awaitReceived(second, "a=1", "a=2");
        assertThat(other.received).isEmpty();
        this.subscriptions.message("b", "3");
        awaitReceived(this.listener, "a=1", "a=2", "b=3");
    }

    @Test
    void givesTheChannelAsTheSourceAsTheSuperclassDoes() {
        CompletableFuture<String> source = new CompletableFuture<>();
        this.container.addMessageListener(
                (message, pattern) -> source.complete(new String(pattern, StandardCharsets.UTF_8)), A);
        this.container.start();
        this.subscriptions.message("a", "1");
        assertThat(source).succeedsWithin(Duration.ofSeconds(5)).isEqualTo("a");
    }

    @Test
    void keepsTheOrderOfAChannel() {
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        String[] expected = IntStream.range(0, 5000).mapToObj(i -> "a=" + i).toArray(String[]::new);
        IntStream.range(0, 5000).forEach(i -> this.subscriptions.message("a", String.valueOf(i)));
        awaitReceived(this.listener, expected);
    }

    @Test
    void addsAndRemovesAtRunTime() {
        this.container.start();
        this.container.addMessageListener(this.listener, List.of(A, B));
        assertThat(this.subscriptions.claimed()).containsExactly("a", "b");
        this.subscriptions.message("a", "1");
        awaitReceived(this.listener, "a=1");
        this.container.removeMessageListener(this.listener, A);
        assertThat(this.subscriptions.claimed()).containsExactly("b");
        this.container.removeMessageListener(this.listener);
        assertThat(this.subscriptions.claimed()).isEmpty();
        assertThat(this.container.isListening()).isFalse();
        assertThat(this.container.isRunning()).isTrue();
    }

    @Test
    void removesFromAllChannelsWithAnEmptyCollection() {
        Recorder stays = new Recorder();
        this.container.addMessageListener(this.listener, List.of(A, B));
        this.container.addMessageListener(stays, B);
        this.container.start();
        this.container.removeMessageListener(this.listener, Set.of());
        assertThat(this.subscriptions.claimed()).containsExactly("b");
        this.subscriptions.message("b", "1");
        awaitReceived(stays, "b=1");
        assertThat(this.listener.received).isEmpty();
    }

    @Test
    void removingWhatIsNotThereDoesNothing() {
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        this.container.removeMessageListener(new Recorder());
        this.container.removeMessageListener(this.listener, B);
        this.container.removeMessageListener(this.listener, PatternTopic.of("a*"));
        assertThat(this.subscriptions.claimed()).containsExactly("a");
    }

    @Test
    void neverCallsAListenerForWhatIsStillQueuedWhenItIsRemoved() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        this.container.addMessageListener(
                (message, pattern) -> {
                    busy.countDown();
                    awaitLatch(release);
                },
                A);
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        this.subscriptions.message("a", "1");
        this.subscriptions.message("a", "2");
        busy.await();
        await().until(() -> this.listener.received.size() == 2);
        this.container.pause(this.listener);
        this.subscriptions.message("a", "3");
        this.container.removeMessageListener(this.listener);
        release.countDown();
        await().until(() -> this.container.queueSize() == 0);
        this.container.stop();
        assertThat(this.listener.received).containsExactly("a=1", "a=2");
    }

    @Test
    void aListenerThatIsAddedTwiceIsCalledOnce() {
        this.container.addMessageListener(this.listener, A);
        this.container.addMessageListener(this.listener, List.of(A, A));
        this.container.start();
        this.subscriptions.message("a", "1");
        this.subscriptions.message("a", "2");
        awaitReceived(this.listener, "a=1", "a=2");
    }

    @Test
    void refusesPatternsWithAnExplanationAndChangesNothing() {
        this.container.start();
        assertThatExceptionOfType(ShardChannelPatternException.class)
                .isThrownBy(
                        () -> this.container.addMessageListener(this.listener, List.of(A, PatternTopic.of("orders:*"))))
                .withMessageContaining("'orders:*' is a pattern, and sharded pub/sub has none")
                .withMessageContaining("ChannelTopic.of");
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void takesWildcardsInAChannelTopicForLetters() {
        this.container.start();
        this.container.addMessageListener(this.listener, ChannelTopic.of("a*[b]?"));
        assertThat(this.subscriptions.claimed()).containsExactly("a*[b]?");
    }

    @Test
    void refusesToAddToNothing() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> this.container.addMessageListener(this.listener, List.of()));
    }

    @Test
    void addingReturnsWhenTheChannelIsConfirmed() {
        this.container.start();
        this.subscriptions.silence("a");
        CompletableFuture<Void> adding =
                CompletableFuture.runAsync(() -> this.container.addMessageListener(this.listener, A));
        await().until(() -> this.subscriptions.claimed().contains("a"));
        assertThat(adding).isNotDone();
        this.subscriptions.confirm("a");
        assertThat(adding).succeedsWithin(Duration.ofSeconds(5));
    }

    @Test
    void addingFailsWhenTheChannelIsRefusedAndLeavesNothingBehind() {
        this.container.start();
        this.subscriptions.refuse("b");
        assertThatExceptionOfType(RedisListenerExecutionFailedException.class)
                .isThrownBy(() -> this.container.addMessageListener(this.listener, List.of(A, B)))
                .withMessageContaining("refuses the shard channel 'b'")
                .withCauseInstanceOf(ShardSubscriptionRefusedException.class);
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void addingFailsWhenTheTimeIsUpAndLeavesNothingBehind() {
        this.container.setMaxSubscriptionRegistrationWaitingTime(50);
        Recorder before = new Recorder();
        this.container.addMessageListener(before, A);
        this.container.start();
        this.subscriptions.silence("b");
        assertThatExceptionOfType(ShardSubscriptionTimeoutException.class)
                .isThrownBy(() -> this.container.addMessageListener(this.listener, List.of(A, B)))
                .withMessageContaining("1 of 2 shard channel(s) not confirmed by the cluster within 50 ms")
                .withMessageContaining("'b' (slot 42, SUBSCRIBING, asked 127.0.0.1:7000,"
                        + " last error: CLUSTERDOWN Hash slot not served)")
                .satisfies(ex -> assertThat(ex.getChannels()).containsExactly("b"));
        assertThat(this.subscriptions.claimed()).containsExactly("a");
        this.subscriptions.message("a", "1");
        awaitReceived(before, "a=1");
        assertThat(this.listener.received).isEmpty();
    }

    @Test
    void anInterruptedAddLeavesNothingBehind() {
        this.container.start();
        this.subscriptions.silence("a");
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> this.container.addMessageListener(this.listener, A))
                .withMessageContaining("Interrupted");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void startFailsWhenAChannelIsRefusedAndLeavesNothingBehind() {
        this.subscriptions.refuse("b");
        this.container.addMessageListener(this.listener, List.of(A, B));
        assertThatExceptionOfType(RedisListenerExecutionFailedException.class).isThrownBy(this.container::start);
        assertThat(this.container.isRunning()).isFalse();
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void startFailsWhenTheTimeIsUp() {
        this.container.setMaxSubscriptionRegistrationWaitingTime(50);
        this.subscriptions.silence("a");
        this.container.addMessageListener(this.listener, A);
        assertThatExceptionOfType(ShardSubscriptionTimeoutException.class).isThrownBy(this.container::start);
        assertThat(this.container.isRunning()).isFalse();
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void startsWithoutConfirmationsIfThatIsWanted() {
        this.container.setMaxSubscriptionRegistrationWaitingTime(50);
        this.container.setFailOnStartTimeout(false);
        this.subscriptions.silence("a");
        this.container.addMessageListener(this.listener, A);
        assertThatCode(this.container::start).doesNotThrowAnyException();
        assertThat(this.container.isListening()).isTrue();
        this.subscriptions.confirm("a");
        this.subscriptions.message("a", "1");
        awaitReceived(this.listener, "a=1");
    }

    @Test
    void startsAgainAfterAStop() {
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        this.container.stop();
        assertThat(this.container.isRunning()).isFalse();
        assertThat(this.subscriptions.claimed()).isEmpty();
        this.container.addMessageListener(this.listener, B);
        assertThat(this.subscriptions.claimed()).isEmpty();
        this.container.start();
        assertThat(this.subscriptions.claimed()).containsExactly("a", "b");
        this.subscriptions.message("b", "1");
        awaitReceived(this.listener, "b=1");
    }

    @Test
    void deliversWhatWasReceivedBeforeTheStop() {
        CountDownLatch release = new CountDownLatch(1);
        this.container.addMessageListener((message, pattern) -> awaitLatch(release), A);
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        this.subscriptions.message("a", "1");
        this.subscriptions.message("a", "2");
        CompletableFuture<Void> stopping = CompletableFuture.runAsync(this.container::stop);
        await().until(() -> !this.container.isRunning());
        release.countDown();
        assertThat(stopping).succeedsWithin(Duration.ofSeconds(5));
        assertThat(this.listener.received).containsExactly("a=1", "a=2");
    }

    @Test
    void dropsAndCountsWhatIsNotDeliveredInTimeAtTheStop() {
        this.container.setShutdownTimeout(50);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger dropped = new AtomicInteger();
        this.container.addDeliveryObserver(new DeliveryObserver() {
            @Override
            public void dropped(ChannelName channel, long count) {
                dropped.addAndGet((int) count);
            }
        });
        this.container.addMessageListener((message, pattern) -> awaitLatch(release), A);
        this.container.start();
        IntStream.range(0, 5).forEach(i -> this.subscriptions.message("a", "x"));
        await().until(() -> this.container.queueSize() == 4);
        this.container.stop();
        assertThat(dropped).hasValue(4);
        assertThat(this.container.queueSize()).isZero();
        release.countDown();
    }

    @Test
    void aListenerCanStopItsContainer() {
        CompletableFuture<Void> stopped = new CompletableFuture<>();
        this.container.addMessageListener(
                (message, pattern) -> {
                    this.container.stop();
                    stopped.complete(null);
                },
                A);
        this.container.start();
        this.subscriptions.message("a", "1");
        assertThat(stopped).succeedsWithin(Duration.ofSeconds(1));
        assertThat(this.container.isRunning()).isFalse();
    }

    @Test
    void noCallBeginsAfterTheStopThoughAnEventLoopIsLate() throws InterruptedException {
        CountDownLatch late = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicInteger dropped = new AtomicInteger();
        this.container.addDeliveryObserver(new DeliveryObserver() {
            @Override
            public void received(ChannelName channel) {
                late.countDown();
                awaitLatch(goOn);
            }

            @Override
            public void dropped(ChannelName channel, long count) {
                dropped.addAndGet((int) count);
            }
        });
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        CompletableFuture<Void> eventLoop = CompletableFuture.runAsync(() -> this.subscriptions.message("a", "1"));
        late.await();
        this.container.stop();
        goOn.countDown();
        eventLoop.join();
        assertThat(dropped).hasValue(1);
        assertThat(this.container.queueSize()).isZero();

        this.container.start();
        this.subscriptions.message("a", "2");
        awaitReceived(this.listener, "a=2");
    }

    @Test
    void aListenerThatStopsTheContainerWhileThatStopsDoesNotWaitForIt() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch stopping = new CountDownLatch(1);
        this.container.addMessageListener(
                (message, pattern) -> {
                    begun.countDown();
                    awaitLatch(stopping);
                    this.container.stop();
                    this.listener.onMessage(message, pattern);
                },
                A);
        this.container.start();
        this.subscriptions.message("a", "1");
        begun.await();
        CompletableFuture<Void> stop = CompletableFuture.runAsync(this.container::stop);
        await().until(() -> !this.container.isRunning());
        stopping.countDown();
        assertThat(stop).succeedsWithin(Duration.ofSeconds(5));
        assertThat(this.listener.received).containsExactly("a=1");
    }

    @Test
    void aListenerThatIsBeingStoppedMayAskForItsStateAndIsNotPausedAnyMore() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch stopping = new CountDownLatch(1);
        List<Object> seen = new CopyOnWriteArrayList<>();
        ShardedListenerEndpoint[] endpoint = new ShardedListenerEndpoint[1];
        endpoint[0] = new ShardedListenerEndpoint(
                "asking",
                this.container,
                (message, pattern) -> {
                    begun.countDown();
                    awaitLatch(stopping);
                    seen.add(endpoint[0].isRunning());
                    try {
                        endpoint[0].pause();
                    } catch (IllegalStateException ex) {
                        seen.add("stopped");
                    }
                },
                List.of(A),
                ListenerOptions.DEFAULTS);
        this.container.start();
        endpoint[0].start();
        this.subscriptions.message("a", "1");
        begun.await();
        CompletableFuture<Void> stop = CompletableFuture.runAsync(endpoint[0]::stop);
        await().until(() -> !endpoint[0].isRunning());
        stopping.countDown();
        assertThat(stop).succeedsWithin(Duration.ofSeconds(5));
        assertThat(seen).containsExactly(false, "stopped");
    }

    @Test
    void aListenerThatIsAddedAgainWhileItLeavesStays() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger dropped = new AtomicInteger();
        this.container.addDeliveryObserver(new DeliveryObserver() {
            @Override
            public void dropped(ChannelName channel, long count) {
                dropped.addAndGet((int) count);
            }
        });
        MessageListener slow = (message, pattern) -> {
            begun.countDown();
            awaitLatch(release);
            this.listener.onMessage(message, pattern);
        };
        this.container.addMessageListener(slow, List.of(A, B));
        this.container.start();
        this.subscriptions.message("a", "1");
        begun.await();
        CompletableFuture<Void> leaving =
                CompletableFuture.runAsync(() -> this.container.drainAndRemoveMessageListener(slow));
        await().until(() -> {
            this.subscriptions.message("a", "meanwhile");
            return dropped.get() > 0;
        });
        this.container.addMessageListener(slow, A);
        assertThat(leaving).isNotDone();
        release.countDown();
        assertThat(leaving).succeedsWithin(Duration.ofSeconds(5));
        assertThat(this.subscriptions.claimed()).containsExactly("a");
        this.subscriptions.message("a", "2");
        await().untilAsserted(() -> assertThat(this.listener.received).endsWith("a=2"));
    }

    @Test
    void aListenerWhoseNameCannotBeToldHarmsNobodyWhenItsQueueIsFull() {
        MessageListener nameless = new MessageListener() {
            @Override
            public void onMessage(Message message, byte @Nullable [] pattern) {}

            @Override
            public String toString() {
                throw new IllegalStateException("no name");
            }
        };
        this.container.addMessageListener(nameless, List.of(A), ListenerOptions.DEFAULTS.withQueueCapacity(1));
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        this.container.pause(nameless);
        this.subscriptions.message("a", "1");
        this.subscriptions.message("a", "2");
        awaitReceived(this.listener, "a=1", "a=2");
    }

    @Test
    void callsBackInEveryCaseWhenItIsStopped() {
        AtomicInteger called = new AtomicInteger();
        this.container.stop(called::incrementAndGet);
        this.container.start();
        this.container.stop(called::incrementAndGet);
        await().untilAsserted(() -> assertThat(called).hasValue(2));
    }

    @Test
    void replacesListenersAndKeepsTheClaimsThatAreStillWanted() {
        Recorder second = new Recorder();
        this.container.addMessageListener(this.listener, List.of(A, B));
        this.container.start();
        Map<MessageListener, Set<? extends Topic>> wanted = Map.of(second, Set.of(B, C));
        this.container.setMessageListeners(Map.copyOf(wanted));
        assertThat(this.subscriptions.claimed()).containsExactly("b", "c");
        assertThat(this.subscriptions.batches()).hasSize(2).last().isEqualTo(List.of("c"));
        this.subscriptions.message("b", "1");
        awaitReceived(second, "b=1");
        assertThat(this.listener.received).isEmpty();
    }

    @Test
    void replacesListenersWhileItIsStoppedAndStaysStopped() {
        this.container.addMessageListener(this.listener, A);
        this.container.setMessageListeners(Map.of(this.listener, Set.of(B)));
        assertThat(this.container.isRunning()).isFalse();
        this.container.start();
        assertThat(this.subscriptions.claimed()).containsExactly("b");
    }

    @Test
    void handsWhatAListenerThrowsToTheErrorHandlerAndCountsIt() {
        CompletableFuture<Throwable> handled = new CompletableFuture<>();
        List<DeliveryOutcome> outcomes = new CopyOnWriteArrayList<>();
        this.container.setErrorHandler(handled::complete);
        this.container.addDeliveryObserver(new DeliveryObserver() {
            @Override
            public void delivered(ChannelName channel, DeliveryOutcome outcome, Duration took) {
                outcomes.add(outcome);
            }
        });
        this.container.addMessageListener(
                (message, pattern) -> {
                    throw new IllegalStateException("listener");
                },
                A);
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        this.subscriptions.message("a", "1");
        assertThat(handled).succeedsWithin(Duration.ofSeconds(5)).isInstanceOf(IllegalStateException.class);
        awaitReceived(this.listener, "a=1");
        await().untilAsserted(() ->
                assertThat(outcomes).containsExactlyInAnyOrder(DeliveryOutcome.ERROR, DeliveryOutcome.SUCCESS));
    }

    @Test
    void aListenersOwnErrorHandlerComesBeforeTheContainers() {
        CompletableFuture<Throwable> own = new CompletableFuture<>();
        CompletableFuture<Throwable> containers = new CompletableFuture<>();
        this.container.setErrorHandler(containers::complete);
        this.container.addMessageListener(
                (message, pattern) -> {
                    throw new IllegalStateException("own");
                },
                List.of(A),
                ListenerOptions.DEFAULTS.withErrorHandler(own::complete));
        this.container.start();
        this.subscriptions.message("a", "1");
        assertThat(own).succeedsWithin(Duration.ofSeconds(5)).isInstanceOf(IllegalStateException.class);
        assertThat(containers).isNotDone();
    }

    @Test
    void anErrorHandlerThatThrowsDoesNotEndTheDelivery() {
        this.container.setErrorHandler(error -> {
            throw new IllegalStateException("handler", error);
        });
        this.container.addMessageListener(
                (message, pattern) -> {
                    this.listener.onMessage(message, pattern);
                    throw new IllegalStateException("listener");
                },
                A);
        this.container.start();
        this.subscriptions.message("a", "1");
        this.subscriptions.message("a", "2");
        awaitReceived(this.listener, "a=1", "a=2");
    }

    @Test
    void handlesErrorsWhileItDrains() {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<Throwable> handled = new CompletableFuture<>();
        this.container.setErrorHandler(handled::complete);
        this.container.addMessageListener(
                (message, pattern) -> {
                    awaitLatch(release);
                    throw new IllegalStateException("listener");
                },
                A);
        this.container.start();
        this.subscriptions.message("a", "1");
        CompletableFuture<Void> stopping = CompletableFuture.runAsync(this.container::stop);
        await().until(() -> !this.container.isRunning());
        release.countDown();
        assertThat(stopping).succeedsWithin(Duration.ofSeconds(5));
        assertThat(handled).isCompleted();
    }

    @Test
    void callsNobodyWhileItIsPausedAndGoesOnInOrder() {
        Recorder other = new Recorder();
        this.container.addMessageListener(this.listener, List.of(A, B));
        this.container.addMessageListener(other, C);
        this.container.start();
        this.container.pause();
        assertThat(this.container.isPaused()).isTrue();
        IntStream.range(0, 100).forEach(i -> this.subscriptions.message("a", String.valueOf(i)));
        this.subscriptions.message("c", "x");
        assertThat(this.container.queueSize()).isEqualTo(101);
        assertThat(this.subscriptions.claimed()).containsExactly("a", "b", "c");
        this.container.resume();
        awaitReceived(
                this.listener, IntStream.range(0, 100).mapToObj(i -> "a=" + i).toArray(String[]::new));
        awaitReceived(other, "c=x");
        assertThat(this.container.queueSize()).isZero();
    }

    @Test
    void pausingOneListenerConcernsNoOther() {
        Recorder other = new Recorder();
        this.container.addMessageListener(this.listener, A);
        this.container.addMessageListener(other, A);
        this.container.start();
        this.container.pause(this.listener);
        this.subscriptions.message("a", "1");
        awaitReceived(other, "a=1");
        assertThat(this.listener.received).isEmpty();
        this.container.resume();
        assertThat(this.listener.received).as("paused by itself").isEmpty();
        this.container.resume(this.listener);
        awaitReceived(this.listener, "a=1");
    }

    @Test
    void onlyWhatIsRegisteredCanBePaused() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> this.container.pause(this.listener))
                .withMessageContaining("is not registered");
    }

    @Test
    void stoppingDoesNotWaitForWhatIsPaused() {
        AtomicInteger dropped = new AtomicInteger();
        this.container.addDeliveryObserver(new DeliveryObserver() {
            @Override
            public void dropped(ChannelName channel, long count) {
                dropped.addAndGet((int) count);
            }
        });
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        this.container.pause();
        this.subscriptions.message("a", "1");
        assertThat(CompletableFuture.runAsync(this.container::stop)).succeedsWithin(Duration.ofSeconds(5));
        assertThat(dropped).hasValue(1);
    }

    @Test
    void removesAListenerWhenItHasTakenWhatWasReceived() {
        CountDownLatch release = new CountDownLatch(1);
        Recorder other = new Recorder();
        MessageListener slow = (message, pattern) -> {
            awaitLatch(release);
            this.listener.onMessage(message, pattern);
        };
        this.container.addMessageListener(slow, A);
        this.container.addMessageListener(other, B);
        this.container.start();
        IntStream.range(0, 3).forEach(i -> this.subscriptions.message("a", String.valueOf(i)));
        CompletableFuture<Void> removing =
                CompletableFuture.runAsync(() -> this.container.drainAndRemoveMessageListener(slow));
        await().during(Duration.ofMillis(100)).until(() -> !removing.isDone());
        assertThat(this.subscriptions.claimed()).containsExactly("a", "b");
        release.countDown();
        assertThat(removing).succeedsWithin(Duration.ofSeconds(5));
        assertThat(this.listener.received).containsExactly("a=0", "a=1", "a=2");
        assertThat(this.subscriptions.claimed()).containsExactly("b");
    }

    @Test
    void aListenerThatIsThereCannotBeAddedWithOtherOptions() {
        this.container.addMessageListener(this.listener, List.of(A), ListenerOptions.DEFAULTS.withConcurrency(2));
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> this.container.addMessageListener(
                        this.listener, List.of(B), ListenerOptions.DEFAULTS.withConcurrency(3)))
                .withMessageContaining("remove it first, or add another");
        this.container.addMessageListener(this.listener, B);
        assertThat(this.container.queueCapacity())
                .isEqualTo(2 * ShardedRedisMessageListenerContainer.DEFAULT_QUEUE_CAPACITY);
    }

    @Test
    void addsAndRemovesThousandsAtOnce() {
        this.container.start();
        List<Recorder> recorders =
                IntStream.range(0, 4000).mapToObj(i -> new Recorder()).toList();
        recorders.parallelStream()
                .forEach(recorder -> this.container.addMessageListener(
                        recorder, List.of(ChannelTopic.of("t" + recorders.indexOf(recorder) % 2000))));
        assertThat(this.subscriptions.claimed()).hasSize(2000);
        this.subscriptions.message("t7", "x");
        await().until(() -> recorders.stream()
                        .filter(recorder -> !recorder.received.isEmpty())
                        .count()
                == 2);
        recorders.parallelStream().forEach(this.container::removeMessageListener);
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void whatComesAfterTheRemovalReachesTheOthersAlone() {
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        for (int round = 0; round < 200; round++) {
            Recorder recorder = new Recorder();
            this.container.addMessageListener(recorder, A);
            IntStream.range(0, 20).forEach(i -> this.subscriptions.message("a", String.valueOf(i)));
            this.container.removeMessageListener(recorder);
            String late = "late" + round;
            this.subscriptions.message("a", late);
            await().pollInterval(Duration.ofMillis(1)).until(() -> this.listener.received.contains("a=" + late));
            assertThat(recorder.received).doesNotContain("a=" + late);
        }
        await().until(() -> this.container.queueSize() == 0);
    }

    @Test
    void countsItsCapacityForTheListenersAndChannelsThatItHas() {
        this.container.setQueueCapacity(5);
        assertThat(this.container.queueCapacity()).isZero();
        this.container.addMessageListener(this.listener, List.of(A, B));
        assertThat(this.container.queueCapacity()).isEqualTo(10);
        this.container.addMessageListener(new Recorder(), List.of(A), ListenerOptions.DEFAULTS.withQueueCapacity(7));
        assertThat(this.container.queueCapacity()).isEqualTo(17);
        this.container.setQueueCapacity(Integer.MAX_VALUE);
        this.container.addMessageListener(new Recorder(), List.of(C));
        assertThat(this.container.queueCapacity()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void anObserverThatThrowsHarmsNobody() {
        this.container.addDeliveryObserver(new DeliveryObserver() {
            @Override
            public void received(ChannelName channel) {
                throw new IllegalStateException("observer");
            }
        });
        this.container.addMessageListener(this.listener, A);
        this.container.start();
        this.subscriptions.message("a", "1");
        awaitReceived(this.listener, "a=1");
    }

    @Test
    void usesTheTaskExecutorThatIsSet() throws Exception {
        CompletableFuture<String> thread = new CompletableFuture<>();
        ShardedRedisMessageListenerContainer own = new ShardedRedisMessageListenerContainer(this.subscriptions);
        own.setConnectionFactory(mock(RedisConnectionFactory.class));
        own.setTaskExecutor(task -> new Thread(task, "mine").start());
        own.afterPropertiesSet();
        own.addMessageListener(
                (message, pattern) -> thread.complete(Thread.currentThread().getName()), A);
        own.start();
        this.subscriptions.message("a", "1");
        assertThat(thread).succeedsWithin(Duration.ofSeconds(5)).isEqualTo("mine");
        own.destroy();
    }

    @Test
    void tellsSubscriptionListenersOfConfirmationAndEnd() {
        List<String> told = new CopyOnWriteArrayList<>();
        class Subscriber implements MessageListener, SubscriptionListener {

            @Override
            public void onMessage(Message message, byte @Nullable [] pattern) {}

            @Override
            public void onChannelSubscribed(byte[] channel, long count) {
                told.add("+" + new String(channel, StandardCharsets.UTF_8));
            }

            @Override
            public void onChannelUnsubscribed(byte[] channel, long count) {
                told.add("-" + new String(channel, StandardCharsets.UTF_8));
            }
        }
        this.container.addMessageListener(new Subscriber(), A);
        this.container.start();
        await().untilAsserted(() -> assertThat(told).containsExactly("+a"));
        this.container.stop();
        await().untilAsserted(() -> assertThat(told).containsExactly("+a", "-a"));
    }

    @Test
    void tellsSubscriptionListenersThoughTheTaskExecutorHasRefusedAtFirst() throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        class Subscriber implements MessageListener, SubscriptionListener {

            @Override
            public void onMessage(Message message, byte @Nullable [] pattern) {}

            @Override
            public void onChannelSubscribed(byte[] channel, long count) {
                told.complete(new String(channel, StandardCharsets.UTF_8));
            }
        }
        AtomicInteger refusing = new AtomicInteger(1);
        ShardedRedisMessageListenerContainer own = new ShardedRedisMessageListenerContainer(this.subscriptions);
        own.setConnectionFactory(mock(RedisConnectionFactory.class));
        own.setTaskExecutor(task -> {
            if (refusing.getAndDecrement() > 0) {
                throw new RejectedExecutionException("full");
            }
            new Thread(task, "mine").start();
        });
        own.afterPropertiesSet();
        own.addMessageListener(new Subscriber(), A);
        own.start();
        assertThat(told).succeedsWithin(Duration.ofSeconds(5)).isEqualTo("a");
        own.destroy();
    }

    @Test
    void addingAndRemovingFromManyThreadsLeavesExactlyWhatIsWanted() {
        this.container.start();
        Recorder stays = new Recorder();
        this.container.addMessageListener(stays, C);
        AtomicInteger sent = new AtomicInteger();
        CompletableFuture<Void> eventLoop = CompletableFuture.runAsync(() -> {
            while (sent.get() < 5_000) {
                this.subscriptions.message("c", String.valueOf(sent.getAndIncrement()));
            }
        });
        Queue<IntSupplier> removed = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<Void>> threads = IntStream.range(0, 8)
                .mapToObj(thread -> CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < 200; i++) {
                        Recorder mine = new Recorder();
                        ChannelTopic topic = ChannelTopic.of("c" + (i % 5));
                        this.container.addMessageListener(mine, List.of(topic, C));
                        this.container.removeMessageListener(mine);
                        int taken = mine.received.size();
                        removed.add(() -> mine.received.size() - taken);
                    }
                }))
                .toList();
        assertThat(CompletableFuture.allOf(threads.toArray(CompletableFuture[]::new)))
                .succeedsWithin(Duration.ofSeconds(20));
        eventLoop.join();
        await().until(() -> this.container.queueSize() == 0 && stays.received.size() == sent.get());
        assertThat(stays.received)
                .isEqualTo(
                        IntStream.range(0, sent.get()).mapToObj(i -> "c=" + i).toList());
        // one call may have begun before the removal
        assertThat(removed).allSatisfy(late -> assertThat(late.getAsInt()).isLessThanOrEqualTo(1));
        this.container.removeMessageListener(stays);
        assertThat(this.subscriptions.claimed()).isEmpty();
        assertThat(this.container.isListening()).isFalse();
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
