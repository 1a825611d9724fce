package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChannelQueueTests {

    private static final int PRODUCERS = 3;

    private final ExecutorService pool = Executors.newCachedThreadPool();

    @AfterEach
    void shutDown() {
        this.pool.shutdownNow();
    }

    /** The queue as it would be if one thread had it to itself: what it says is what the real one has to say. */
    private static final class Model {

        private final Deque<String> messages = new ArrayDeque<>();

        private final int capacity;

        private final OverflowPolicy overflow;

        private boolean dropping;

        private boolean withoutRoom;

        private Model(int capacity, OverflowPolicy overflow) {
            this.capacity = capacity;
            this.overflow = overflow;
        }

        /** Returns "dropped", "first dropped" or "". */
        String add(String message) {
            if (this.overflow != OverflowPolicy.BLOCK && this.messages.size() == this.capacity) {
                if (this.overflow == OverflowPolicy.DROP_OLDEST) {
                    this.messages.removeFirst();
                    this.messages.addLast(message);
                }
                String dropped = this.dropping ? "dropped" : "first dropped";
                this.dropping = true;
                return dropped;
            }
            this.messages.addLast(message);
            this.withoutRoom |= this.overflow == OverflowPolicy.BLOCK && this.messages.size() >= this.capacity;
            return "";
        }

        String next() {
            String message = String.valueOf(this.messages.pollFirst());
            emptied();
            return message;
        }

        int clear() {
            int size = this.messages.size();
            this.messages.clear();
            this.withoutRoom = false;
            emptied();
            return size;
        }

        private void emptied() {
            this.dropping &= !this.messages.isEmpty();
            this.withoutRoom &= this.messages.size() > this.capacity / 2;
        }
    }

    @ParameterizedTest
    @EnumSource
    void isWhatAnOrdinaryQueueWouldBe(OverflowPolicy overflow) {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            int capacity = 1 + random.nextInt(random.nextBoolean() ? 5 : 200);
            AtomicBoolean paused = new AtomicBoolean();
            ChannelQueue queue = new ChannelQueue(capacity, overflow, paused::get, () -> {});
            Model model = new Model(capacity, overflow);
            for (int i = 0; i < 1_000; i++) {
                String step = "seed " + seed + ", step " + i;
                int choice = random.nextInt(100);
                if (choice < 2) {
                    assertThat(queue.clear()).as(step).isEqualTo(model.clear());
                } else if (choice < 4) {
                    paused.set(!paused.get());
                } else if (choice < 6) {
                    for (int j = random.nextInt(100); j > 0; j--) {
                        assertThat(add(queue, i + "." + j)).as(step).isEqualTo(model.add(i + "." + j));
                    }
                } else if (choice < 50) {
                    assertThat(add(queue, "" + i)).as(step).isEqualTo(model.add("" + i));
                } else {
                    assertThat(next(queue)).as(step).isEqualTo(paused.get() ? "null" : model.next());
                }
                assertThat(queue.size()).as(step).isEqualTo(model.messages.size());
                assertThat(queue.isWithoutRoom()).as(step).isEqualTo(model.withoutRoom);
            }
        }
    }

    @Test
    void aPauseThatComesOrGoesAtAnyMomentChangesNoOrder() {
        Random random = new Random(1);
        ChannelQueue queue = new ChannelQueue(1_000, OverflowPolicy.DROP_NEWEST, random::nextBoolean, () -> {});
        List<String> added = new ArrayList<>();
        List<String> taken = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            if (random.nextBoolean()) {
                added.add("" + i);
                add(queue, "" + i);
            } else {
                taken.add(next(queue));
            }
        }
        taken.removeIf("null"::equals);
        assertThat(taken).hasSizeGreaterThan(400).isEqualTo(added.subList(0, taken.size()));
    }

    private static String add(ChannelQueue queue, String message) {
        ChannelQueue.Added added = queue.add(message.getBytes(StandardCharsets.UTF_8));
        return added.first() ? "first dropped" : added.dropped() ? "dropped" : "";
    }

    private static String next(ChannelQueue queue) {
        byte[] message = queue.next();
        return message != null ? new String(message, StandardCharsets.UTF_8) : "null";
    }

    @Test
    void whoeverWaitsForItsEndIsToldOfIt() {
        ChannelQueue queue = new ChannelQueue(10, OverflowPolicy.DROP_OLDEST, () -> false, () -> {});
        add(queue, "a");
        CompletableFuture<Boolean> idle = new CompletableFuture<>();
        this.pool.execute(() -> {
            try {
                idle.complete(queue.awaitIdle(System.nanoTime() + TimeUnit.HOURS.toNanos(1)));
            } catch (InterruptedException ex) {
                idle.completeExceptionally(ex);
            }
        });
        assertThat(next(queue)).isEqualTo("a");
        assertThat(idle).as("the call runs").isNotDone();
        assertThat(next(queue)).isEqualTo("null");
        assertThat(idle).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(true);
    }

    /** Threads that add, workers that change, one that pauses and one that throws away: nothing is lost, doubled or out of order. */
    @ParameterizedTest
    @EnumSource
    void manyThreadsLoseNothingAndKeepTheOrder(OverflowPolicy overflow) throws Exception {
        for (int capacity : new int[] {1, 2, 3, 70, 1_000}) {
            stress(overflow, capacity);
        }
    }

    private void stress(OverflowPolicy overflow, int capacity) throws Exception {
        AtomicBoolean paused = new AtomicBoolean();
        ChannelQueue queue = new ChannelQueue(capacity, overflow, paused::get, () -> {});
        AtomicInteger dropped = new AtomicInteger();
        AtomicInteger delivered = new AtomicInteger();
        AtomicInteger sent = new AtomicInteger();
        AtomicInteger working = new AtomicInteger();
        AtomicIntegerArray last = new AtomicIntegerArray(PRODUCERS);
        List<String> wrong = new CopyOnWriteArrayList<>();
        AtomicBoolean stopped = new AtomicBoolean();
        CountDownLatch done = new CountDownLatch(PRODUCERS + 1);
        Runnable worker = () -> {
            for (byte[] message = queue.next(); message != null; message = queue.next()) {
                if (working.incrementAndGet() != 1) {
                    wrong.add("two workers");
                }
                delivered.incrementAndGet();
                int number = number(message);
                int before = last.getAndSet(message[0], number);
                if (number <= before) {
                    wrong.add(number + " after " + before);
                }
                working.decrementAndGet();
            }
        };
        for (int i = 0; i < PRODUCERS; i++) {
            byte producer = (byte) i;
            this.pool.execute(() -> {
                for (int number = 1; !stopped.get(); number++) {
                    while (queue.isWithoutRoom() && !stopped.get()) {
                        Thread.onSpinWait();
                    }
                    sent.incrementAndGet();
                    ChannelQueue.Added added = queue.add(message(producer, number));
                    if (added.dropped()) {
                        dropped.incrementAndGet();
                    }
                    if (added.schedule()) {
                        this.pool.execute(worker);
                    }
                }
                done.countDown();
            });
        }
        this.pool.execute(() -> {
            Random random = new Random(capacity);
            while (!stopped.get()) {
                if (random.nextInt(4) == 0) {
                    dropped.addAndGet(queue.clear());
                }
                paused.set(true);
                Thread.yield();
                paused.set(false);
                if (queue.scheduleIfNeeded()) {
                    this.pool.execute(worker);
                }
            }
            done.countDown();
        });
        TimeUnit.MILLISECONDS.sleep(150);
        stopped.set(true);
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(queue.awaitIdle(System.nanoTime() + TimeUnit.SECONDS.toNanos(10)))
                .isTrue();
        assertThat(wrong).isEmpty();
        assertThat(queue.size()).isZero();
        assertThat(delivered.get() + dropped.get()).isEqualTo(sent.get());
        assertThat(delivered).hasPositiveValue();
    }

    private static byte[] message(byte producer, int number) {
        return new byte[] {producer, (byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number};
    }

    private static int number(byte[] message) {
        return (message[1] & 0xff) << 24 | (message[2] & 0xff) << 16 | (message[3] & 0xff) << 8 | (message[4] & 0xff);
    }
}
