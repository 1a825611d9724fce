package io.github.shardedpubsub.listener;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Brings messages from event loops to listeners: in order within a channel, side by side across channels. Each channel has a bounded
 * queue of its own, so that a slow listener costs its own channel's messages and no other's, and a queue is worked on by one worker
 * at a time. There are at most {@code concurrency} workers; one that has delivered a few messages of a channel takes the next
 * channel in line.
 */
final class OrderedDelivery {

    private static final Log logger = LogFactory.getLog(OrderedDelivery.class);

    /** How many messages of one channel are delivered while others wait in line. */
    private static final int BATCH = 64;

    private static final long REJECTED_RETRY_MILLIS = 100;

    private final Executor executor;

    private final int concurrency;

    private final int capacity;

    private final OverflowPolicy overflow;

    private final Destination destination;

    private final ConcurrentLinkedQueue<ChannelQueue> line = new ConcurrentLinkedQueue<>();

    private final AtomicInteger workers = new AtomicInteger();

    private final AtomicInteger waiting = new AtomicInteger();

    private final ThreadLocal<Boolean> working = ThreadLocal.withInitial(() -> false);

    /** Where messages go. */
    interface Destination {

        /** Calls the listeners. On a worker's thread. */
        void deliver(ChannelQueue queue, QueuedMessage message);

        /** On an event loop, or on the thread that discards. */
        void dropped(ChannelQueue queue, long count);
    }

    OrderedDelivery(
            Executor executor, int concurrency, int capacity, OverflowPolicy overflow, Destination destination) {
        this.executor = executor;
        this.concurrency = concurrency;
        this.capacity = capacity;
        this.overflow = overflow;
        this.destination = destination;
    }

    /** Queues a message; called on an event loop, and never waits. */
    void add(ChannelQueue queue, QueuedMessage message) {
        ChannelQueue.Added added = queue.add(message, this.capacity, this.overflow);
        if (added.dropped() > 0) {
            if (added.dropped() == 1) {
                logger.warn("The queue of the shard channel '" + queue.channel() + "' is full with " + this.capacity
                        + " messages: its listeners are slower than its messages come. Until it has been empty, messages are"
                        + " dropped (" + this.overflow + ") and counted, but not logged");
            }
            this.destination.dropped(queue, 1);
        }
        if (added.added()) {
            this.waiting.incrementAndGet();
        }
        if (added.schedule()) {
            this.line.add(queue);
            wakeWorker();
        }
    }

    /** How many messages wait. */
    int size() {
        // A worker may have taken a message whose adding is not counted yet.
        return Math.max(0, this.waiting.get());
    }

    int capacity() {
        return this.capacity;
    }

    /**
     * Waits until nothing is queued and no listener runs.
     *
     * @return whether that came to be in time; false at once on a worker's own thread, which would wait for itself
     */
    boolean awaitIdle(long nanos) throws InterruptedException {
        if (this.working.get()) {
            return false;
        }
        long deadline = System.nanoTime() + nanos;
        while (this.workers.get() > 0 || !this.line.isEmpty()) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return true;
    }

    /** Throws away what waits in a queue. */
    void discard(ChannelQueue queue) {
        int discarded = queue.clear();
        if (discarded > 0) {
            this.waiting.addAndGet(-discarded);
            this.destination.dropped(queue, discarded);
        }
    }

    private void wakeWorker() {
        int now = this.workers.get();
        while (now < this.concurrency) {
            if (this.workers.compareAndSet(now, now + 1)) {
                startWorker();
                return;
            }
            now = this.workers.get();
        }
    }

    private void startWorker() {
        try {
            this.executor.execute(this::work);
        } catch (RejectedExecutionException ex) {
            this.workers.decrementAndGet();
            logger.warn(
                    "The task executor of the sharded listener container refuses work; messages wait in their queues: "
                            + ex.getMessage());
            CompletableFuture.delayedExecutor(REJECTED_RETRY_MILLIS, TimeUnit.MILLISECONDS)
                    .execute(this::wakeWorkerIfNeeded);
        }
    }

    private void wakeWorkerIfNeeded() {
        if (!this.line.isEmpty()) {
            wakeWorker();
        }
    }

    private void work() {
        this.working.set(true);
        try {
            ChannelQueue queue = this.line.poll();
            while (queue != null) {
                deliverSome(queue);
                queue = this.line.poll();
            }
        } finally {
            this.working.remove();
            this.workers.decrementAndGet();
            // A queue may have joined the line after it was seen empty, while this worker still counted.
            wakeWorkerIfNeeded();
        }
    }

    private void deliverSome(ChannelQueue queue) {
        for (int i = 0; i < BATCH; i++) {
            QueuedMessage message = queue.next();
            if (message == null) {
                return;
            }
            this.waiting.decrementAndGet();
            try {
                this.destination.deliver(queue, message);
            } catch (Throwable ex) {
                // The next messages must not suffer from an error handler that throws.
                logger.error("Delivering a message of the shard channel '" + queue.channel() + "' failed", ex);
            }
        }
        this.line.add(queue);
    }
}
