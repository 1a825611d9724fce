package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.pipe.ChannelName;
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

class OrderedDeliveryTests {

    private final ExecutorService pool = Executors.newCachedThreadPool();

    private final Map<String, List<String>> delivered = new ConcurrentHashMap<>();

    private final Map<String, AtomicInteger> dropped = new ConcurrentHashMap<>();

    private BiConsumer<String, String> listener = (channel, message) -> {};

    private final OrderedDelivery.Destination destination = new OrderedDelivery.Destination() {

        @Override
        public void deliver(ChannelQueue queue, QueuedMessage message) {
            String text = new String(message.payload(), StandardCharsets.UTF_8);
            OrderedDeliveryTests.this.listener.accept(queue.channel().toString(), text);
            OrderedDeliveryTests.this
                    .delivered
                    .computeIfAbsent(queue.channel().toString(), ignored -> new ArrayList<>())
                    .add(text);
        }

        @Override
        public void dropped(ChannelQueue queue, long count) {
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

    private OrderedDelivery delivery(Executor executor, int concurrency, int capacity, OverflowPolicy overflow) {
        return new OrderedDelivery(executor, concurrency, capacity, overflow, this.destination);
    }

    private static ChannelQueue queue(String channel) {
        return new ChannelQueue(ChannelName.of(channel));
    }

    private static QueuedMessage message(Object text) {
        return new QueuedMessage(text.toString().getBytes(StandardCharsets.UTF_8), List.of());
    }

    @Test
    void keepsTheOrderOfEachChannelWhileManyAreDeliveredAtOnce() throws InterruptedException {
        OrderedDelivery delivery = delivery(this.pool, 4, 100_000, OverflowPolicy.DROP_OLDEST);
        List<ChannelQueue> queues =
                IntStream.range(0, 20).mapToObj(i -> queue("c" + i)).toList();
        for (int i = 0; i < 1000; i++) {
            for (ChannelQueue queue : queues) {
                delivery.add(queue, message(i));
            }
        }
        assertThat(delivery.awaitIdle(TimeUnit.SECONDS.toNanos(10))).isTrue();
        List<String> all = IntStream.range(0, 1000).mapToObj(String::valueOf).toList();
        assertThat(this.delivered)
                .hasSize(20)
                .allSatisfy((channel, messages) -> assertThat(messages).isEqualTo(all));
        assertThat(delivery.size()).isZero();
        assertThat(this.dropped).isEmpty();
    }

    @Test
    void dropsTheOldestAndCountsWhenAQueueIsFull() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        OrderedDelivery delivery = delivery(tasks::add, 1, 3, OverflowPolicy.DROP_OLDEST);
        ChannelQueue queue = queue("a");
        IntStream.range(0, 10).forEach(i -> delivery.add(queue, message(i)));
        assertThat(delivery.size()).isEqualTo(3);
        tasks.remove().run();
        assertThat(this.delivered).containsEntry("a", List.of("7", "8", "9"));
        assertThat(this.dropped.get("a")).hasValue(7);
    }

    @Test
    void dropsTheNewestIfThatIsWanted() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        OrderedDelivery delivery = delivery(tasks::add, 1, 3, OverflowPolicy.DROP_NEWEST);
        ChannelQueue queue = queue("a");
        IntStream.range(0, 10).forEach(i -> delivery.add(queue, message(i)));
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
        OrderedDelivery delivery = delivery(this.pool, 2, 5, OverflowPolicy.DROP_OLDEST);
        ChannelQueue slow = queue("slow");
        IntStream.range(0, 100).forEach(i -> delivery.add(slow, message(i)));
        ChannelQueue quick = queue("quick");
        for (int i = 0; i < 100; i++) {
            int number = i;
            delivery.add(quick, message(number));
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> this.delivered.getOrDefault("quick", List.of()).size() == number + 1);
        }
        assertThat(this.dropped).containsOnlyKeys("slow");
        release.countDown();
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
        OrderedDelivery delivery = delivery(this.pool, 3, 1000, OverflowPolicy.DROP_OLDEST);
        List<ChannelQueue> queues =
                IntStream.range(0, 50).mapToObj(i -> queue("c" + i)).toList();
        for (int i = 0; i < 200; i++) {
            for (ChannelQueue queue : queues) {
                delivery.add(queue, message(i));
            }
        }
        assertThat(delivery.awaitIdle(TimeUnit.SECONDS.toNanos(10))).isTrue();
        assertThat(most.get()).isLessThanOrEqualTo(3);
    }

    @Test
    void goesOnAfterAnError() throws InterruptedException {
        this.listener = (channel, message) -> {
            if (message.equals("1")) {
                throw new IllegalStateException("listener");
            }
        };
        OrderedDelivery delivery = delivery(this.pool, 1, 10, OverflowPolicy.DROP_OLDEST);
        ChannelQueue queue = queue("a");
        IntStream.range(0, 3).forEach(i -> delivery.add(queue, message(i)));
        assertThat(delivery.awaitIdle(TimeUnit.SECONDS.toNanos(10))).isTrue();
        assertThat(this.delivered).containsEntry("a", List.of("0", "2"));
    }

    @Test
    void triesAgainWhenTheExecutorRefusesWork() {
        AtomicInteger refusals = new AtomicInteger(2);
        OrderedDelivery delivery = delivery(
                task -> {
                    if (refusals.getAndDecrement() > 0) {
                        throw new RejectedExecutionException("full");
                    }
                    this.pool.execute(task);
                },
                1,
                10,
                OverflowPolicy.DROP_OLDEST);
        delivery.add(queue("a"), message("x"));
        await().until(() -> List.of("x").equals(this.delivered.get("a")));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }
}
