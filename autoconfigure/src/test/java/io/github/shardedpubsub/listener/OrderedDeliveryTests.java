package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.OneRead;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderedDeliveryTests {

    private final ExecutorService pool = Executors.newCachedThreadPool();

    private final Map<String, List<String>> delivered = new ConcurrentHashMap<>();

    private final Map<String, AtomicInteger> dropped = new ConcurrentHashMap<>();

    private final AtomicInteger refusals = new AtomicInteger();

    private final AtomicInteger bursts = new AtomicInteger();

    private BiConsumer<String, String> listener = (channel, message) -> {};

    private final OrderedDelivery.Destination destination = new OrderedDelivery.Destination() {

        @Override
        public long deliver(Registration queue, byte[] message, long free) {
            String text = new String(message, StandardCharsets.UTF_8);
            OrderedDeliveryTests.this.listener.accept(queue.channel().toString(), text);
            OrderedDeliveryTests.this
                    .delivered
                    .computeIfAbsent(queue.channel().toString(), ignored -> new ArrayList<>())
                    .add(text);
            return 0;
        }

        @Override
        public void refused() {
            OrderedDeliveryTests.this.refusals.incrementAndGet();
        }

        @Override
        public void dropped(Registration queue, long count, boolean first) {
            if (first) {
                OrderedDeliveryTests.this.bursts.incrementAndGet();
            }
            OrderedDeliveryTests.this
                    .dropped
                    .computeIfAbsent(queue.channel().toString(), ignored -> new AtomicInteger())
                    .addAndGet((int) count);
        }
    };

    @AfterEach
    void shutDown() {
        this.pool.shutdownNow();
    }

    private OrderedDelivery delivery(Executor executor, int concurrency) {
        return new OrderedDelivery(executor, concurrency, this.destination);
    }

    private static RegisteredListener listener(OrderedDelivery delivery, int mostWorkers) {
        return new RegisteredListener((message, pattern) -> {}, ListenerOptions.DEFAULTS, delivery, mostWorkers);
    }

    private static Registration queue(
            RegisteredListener listener, String channel, int capacity, OverflowPolicy policy) {
        return new Registration(ChannelName.of(channel), listener, () -> false, capacity, policy, () -> {});
    }

    /** Of a listener of its own. */
    private static Registration queue(OrderedDelivery delivery, String channel, int capacity, OverflowPolicy policy) {
        return queue(listener(delivery, Integer.MAX_VALUE), channel, capacity, policy);
    }

    private static Registration queue(OrderedDelivery delivery, String channel) {
        return queue(delivery, channel, 100_000, OverflowPolicy.DROP_OLDEST);
    }

    private static byte[] message(Object text) {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void awaitIdle(List<Registration> queues) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        for (Registration queue : queues) {
            assertThat(queue.queue().awaitIdle(deadline)).isTrue();
        }
    }

    @Test
    void keepsTheOrderOfEachChannelWhileManyAreDeliveredAtOnce() throws InterruptedException {
        OrderedDelivery delivery = delivery(this.pool, 4);
        List<Registration> queues =
                IntStream.range(0, 20).mapToObj(i -> queue(delivery, "c" + i)).toList();
        for (int i = 0; i < 1000; i++) {
            for (Registration queue : queues) {
                queue.add(message(i));
            }
        }
        awaitIdle(queues);
        List<String> all = IntStream.range(0, 1000).mapToObj(String::valueOf).toList();
        assertThat(this.delivered)
                .hasSize(20)
                .allSatisfy((channel, messages) -> assertThat(messages).isEqualTo(all));
        assertThat(queues).allSatisfy(queue -> assertThat(queue.queue().size()).isZero());
        assertThat(this.dropped).isEmpty();
    }

    @Test
    void dropsTheOldestAndCountsWhenAQueueIsFull() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        OrderedDelivery delivery = delivery(tasks::add, 1);
        Registration queue = queue(delivery, "a", 3, OverflowPolicy.DROP_OLDEST);
        IntStream.range(0, 10).forEach(i -> queue.add(message(i)));
        assertThat(queue.queue().size()).isEqualTo(3);
        tasks.remove().run();
        assertThat(this.delivered).containsEntry("a", List.of("7", "8", "9"));
        assertThat(this.dropped.get("a")).hasValue(7);
        assertThat(this.bursts).hasValue(1);
        IntStream.range(0, 4).forEach(i -> queue.add(message(i)));
        assertThat(this.bursts).as("it was empty in between").hasValue(2);
    }

    @Test
    void dropsTheNewestIfThatIsWanted() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        OrderedDelivery delivery = delivery(tasks::add, 1);
        Registration queue = queue(delivery, "a", 3, OverflowPolicy.DROP_NEWEST);
        IntStream.range(0, 10).forEach(i -> queue.add(message(i)));
        tasks.remove().run();
        assertThat(this.delivered).containsEntry("a", List.of("0", "1", "2"));
        assertThat(this.dropped.get("a")).hasValue(7);
    }

    @Test
    void aSlowListenerCostsOtherChannelsNothing() {
        CountDownLatch release = new CountDownLatch(1);
        this.listener = (channel, message) -> {
            if (channel.equals("slow")) {
                awaitLatch(release);
            }
        };
        OrderedDelivery delivery = delivery(this.pool, 2);
        Registration slow = queue(delivery, "slow", 5, OverflowPolicy.DROP_OLDEST);
        IntStream.range(0, 100).forEach(i -> slow.add(message(i)));
        Registration quick = queue(delivery, "quick");
        for (int i = 0; i < 100; i++) {
            int number = i;
            quick.add(message(number));
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> this.delivered.getOrDefault("quick", List.of()).size() == number + 1);
        }
        assertThat(this.dropped).containsOnlyKeys("slow");
        release.countDown();
    }

    @Test
    void aSlowListenerOfManyChannelsLeavesAWorkerToTheOthers() {
        CountDownLatch release = new CountDownLatch(1);
        this.listener = (channel, message) -> {
            if (!channel.equals("quick")) {
                awaitLatch(release);
            }
        };
        OrderedDelivery delivery = delivery(this.pool, 3);
        RegisteredListener slow = listener(delivery, 2);
        List<Registration> slowQueues = IntStream.range(0, 20)
                .mapToObj(i -> queue(slow, "slow" + i, 5, OverflowPolicy.DROP_OLDEST))
                .toList();
        slowQueues.forEach(queue -> queue.add(message("x")));
        queue(delivery, "quick").add(message("y"));
        await().until(() -> List.of("y").equals(this.delivered.get("quick")));
        release.countDown();
        await().until(() -> this.delivered.size() == 21);
    }

    @Test
    void dropsNothingWhereItBlocksAndSaysWhenThereIsNoRoomAndWhenThereIsAgain() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        OrderedDelivery delivery = delivery(tasks::add, 1);
        List<Boolean> room = new ArrayList<>();
        Registration[] queue = new Registration[1];
        queue[0] = new Registration(
                ChannelName.of("a"),
                listener(delivery, 1),
                () -> false,
                4,
                OverflowPolicy.BLOCK,
                () -> room.add(!queue[0].queue().isWithoutRoom()));
        IntStream.range(0, 3).forEach(i -> queue[0].add(message(i)));
        assertThat(room).isEmpty();
        IntStream.range(3, 6).forEach(i -> queue[0].add(message(i)));
        assertThat(room).containsExactly(false, false, false);
        this.listener = (channel, message) -> {
            if (message.equals("2")) {
                assertThat(room).as("three of four are waiting").hasSize(3);
            }
        };
        tasks.remove().run();
        assertThat(this.delivered).containsEntry("a", List.of("0", "1", "2", "3", "4", "5"));
        assertThat(room).containsExactly(false, false, false, true);
        assertThat(this.dropped).isEmpty();
    }

    @Test
    void neverHasMoreWorkersThanItIsAllowed() throws InterruptedException {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        this.listener = (channel, message) -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            Thread.yield();
            now.decrementAndGet();
        };
        OrderedDelivery delivery = delivery(this.pool, 3);
        List<Registration> queues =
                IntStream.range(0, 50).mapToObj(i -> queue(delivery, "c" + i)).toList();
        for (int i = 0; i < 200; i++) {
            for (Registration queue : queues) {
                queue.add(message(i));
            }
        }
        awaitIdle(queues);
        assertThat(most.get()).isLessThanOrEqualTo(3);
    }

    /** A queue for which there is no worker is seen by one that leaves, even if that has just left. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void noQueueIsLeftBehindByAListenerThatHasAllItsWorkers(int mostWorkers) throws Exception {
        OrderedDelivery delivery = delivery(this.pool, 4);
        RegisteredListener busy = listener(delivery, mostWorkers);
        List<Registration> queues = IntStream.range(0, 20)
                .mapToObj(i -> queue(busy, "c" + i, 1_000, OverflowPolicy.DROP_OLDEST))
                .toList();
        for (int round = 0; round < 300; round++) {
            int messages = round % 7 + 1;
            CountDownLatch added = new CountDownLatch(2);
            for (int thread = 0; thread < 2; thread++) {
                int first = thread;
                this.pool.execute(() -> {
                    for (int i = first; i < queues.size(); i += 2) {
                        for (int j = 0; j < messages; j++) {
                            queues.get(i).add(message(j));
                        }
                    }
                    added.countDown();
                });
            }
            assertThat(added.await(10, TimeUnit.SECONDS)).isTrue();
            awaitIdle(queues);
            this.delivered.values().forEach(all -> assertThat(all).hasSize(messages));
            assertThat(this.delivered).hasSize(queues.size());
            this.delivered.clear();
        }
    }

    @Test
    void goesOnAfterAnError() throws InterruptedException {
        this.listener = (channel, message) -> {
            if (message.equals("1")) {
                throw new IllegalStateException("listener");
            }
        };
        OrderedDelivery delivery = delivery(this.pool, 1);
        Registration queue = queue(delivery, "a");
        IntStream.range(0, 3).forEach(i -> queue.add(message(i)));
        awaitIdle(List.of(queue));
        assertThat(this.delivered).containsEntry("a", List.of("0", "2"));
    }

    @Test
    void triesAgainWhenTheExecutorRefusesWork() {
        AtomicInteger refusing = new AtomicInteger(2);
        Executor refusesTwice = task -> {
            if (refusing.getAndDecrement() > 0) {
                throw new RejectedExecutionException("full");
            }
            this.pool.execute(task);
        };
        DeliveryLanes lanes = new DeliveryLanes(refusesTwice, this.destination);
        lanes.concurrency(1);
        RegisteredListener registered = lanes.listener((message, pattern) -> {}, ListenerOptions.DEFAULTS);
        lanes.register(ChannelName.of("a"), registered, () -> {}).add(message("x"));
        await().until(() -> List.of("x").equals(this.delivered.get("a")));
        assertThat(this.refusals).hasValue(2);
    }

    @Test
    void oneWorkerIsCalledForAllThatIsReadTogetherWhenItIsRead() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        OrderedDelivery delivery = delivery(tasks::add, 4);
        List<Registration> queues =
                IntStream.range(0, 20).mapToObj(i -> queue(delivery, "c" + i)).toList();
        OneRead.during(() -> {
            queues.forEach(queue -> queue.add(message("x")));
            queues.forEach(queue -> queue.add(message("y")));
            assertThat(tasks).isEmpty();
        });
        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(this.delivered)
                .hasSize(20)
                .allSatisfy((channel, messages) -> assertThat(messages).containsExactly("x", "y"));
        assertThat(tasks)
                .as("the second was called by the first, since there was more")
                .hasSize(1);
        tasks.remove().run();
        queues.get(0).add(message("z"));
        assertThat(tasks).as("at once, where nothing is read").hasSize(1);
    }

    @Test
    void manyMessagesOfOneReadAreBegunWithBeforeItsEnd() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        OrderedDelivery delivery = delivery(tasks::add, 4);
        Registration large = queue(delivery, "large");
        Registration small = queue(delivery, "small", 4, OverflowPolicy.DROP_OLDEST);
        OneRead.during(() -> {
            IntStream.range(1, OrderedDelivery.BATCH).forEach(i -> large.add(message(i)));
            assertThat(tasks).isEmpty();
            large.add(message("one more"));
            assertThat(tasks).hasSize(1);
            tasks.remove().run();
            small.add(message("x"));
            assertThat(tasks).isEmpty();
            small.add(message("y"));
            assertThat(tasks).as("before there is no room").hasSize(1);
        });
        assertThat(this.delivered.get("large")).hasSize(OrderedDelivery.BATCH);
    }

    @Test
    void aWorkerThatWaitsKeepsNoneFromTheRestOfTheLine() {
        CountDownLatch release = new CountDownLatch(1);
        this.listener = (channel, message) -> {
            if (channel.equals("c0")) {
                awaitLatch(release);
            }
        };
        OrderedDelivery delivery = delivery(this.pool, 2);
        List<Registration> queues =
                IntStream.range(0, 20).mapToObj(i -> queue(delivery, "c" + i)).toList();
        OneRead.during(() -> queues.forEach(queue -> queue.add(message("x"))));
        await().until(() -> this.delivered.size() == 19);
        release.countDown();
        await().until(() -> this.delivered.size() == 20);
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
