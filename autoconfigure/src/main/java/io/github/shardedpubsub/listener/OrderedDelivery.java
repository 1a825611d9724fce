package io.github.shardedpubsub.listener;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Brings messages from event loops to listeners: in order within a channel, side by side across channels. Each listener has a bounded
 * queue of its own for each of its channels, so that a slow one costs its own messages and no others', and a queue is worked on by
 * one worker at a time. There are at most {@code concurrency} workers; one that has delivered a few messages of a queue takes the
 * next in line.
 */
final class OrderedDelivery {

    private static final Log logger = LogFactory.getLog(OrderedDelivery.class);

    /** How many messages of one queue are delivered while others wait in line. */
    private static final int BATCH = 64;

    /** For whom the thread works, if it does. */
    private static final ThreadLocal<@Nullable Destination> WORKING = new ThreadLocal<>();

    private final Executor executor;

    private final int concurrency;

    private final Destination destination;

    private final AtomicInteger waiting;

    private final ConcurrentLinkedQueue<Registration> line = new ConcurrentLinkedQueue<>();

    private final AtomicInteger workers = new AtomicInteger();

    /** Where messages go. */
    interface Destination {

        /** Calls the listener, if it is not removed. On a worker's thread. */
        void deliver(Registration registration, byte[] payload);

        /**
         * On an event loop, or on the thread that discards.
         *
         * @param first whether it is the first since the queue was last empty
         */
        void dropped(Registration registration, long count, boolean first);

        /** The task executor has refused to work, and is asked again. On an event loop, or on a thread of its own. */
        void refused();
    }

    /**
     * Creates it without a worker.
     *
     * @param executor never throws
     * @param waiting counts what waits
     */
    OrderedDelivery(Executor executor, int concurrency, Destination destination, AtomicInteger waiting) {
        this.executor = executor;
        this.concurrency = concurrency;
        this.destination = destination;
        this.waiting = waiting;
    }

    /** Whether the calling thread delivers messages there, so that it would wait for itself if it waited for their delivery. */
    static boolean isWorkingFor(Destination destination) {
        return WORKING.get() == destination;
    }

    /** Queues a message; called on an event loop, and never waits. */
    void add(Registration registration, byte[] payload) {
        ChannelQueue.Added added = registration.queue().add(payload);
        if (added.dropped()) {
            this.destination.dropped(registration, 1, added.first());
        }
        if (added.longer()) {
            this.waiting.incrementAndGet();
        }
        if (added.schedule()) {
            this.line.add(registration);
            wakeWorker();
        }
    }

    /** Messages came for which there was no room, and which were not queued. */
    void dropped(Registration registration, int count) {
        this.destination.dropped(registration, count, false);
    }

    /** Goes on with what waits, where that was paused. */
    void resume(Registration registration) {
        if (registration.queue().scheduleIfNeeded()) {
            this.line.add(registration);
            wakeWorker();
        }
    }

    /** Throws away what waits. */
    void discard(Registration registration) {
        int discarded = registration.queue().clear();
        if (discarded > 0) {
            this.waiting.addAndGet(-discarded);
            this.destination.dropped(registration, discarded, false);
        }
    }

    private void wakeWorker() {
        int now = this.workers.get();
        while (now < this.concurrency) {
            if (this.workers.compareAndSet(now, now + 1)) {
                this.executor.execute(this::work);
                return;
            }
            now = this.workers.get();
        }
    }

    private void wakeWorkerIfNeeded() {
        if (!this.line.isEmpty()) {
            wakeWorker();
        }
    }

    private void work() {
        WORKING.set(this.destination);
        try {
            Registration registration = this.line.poll();
            while (registration != null) {
                workOn(registration);
                registration = this.line.poll();
            }
        } finally {
            WORKING.remove();
            this.workers.decrementAndGet();
            // A queue may have joined the line after it was seen empty, while this worker still counted.
            wakeWorkerIfNeeded();
        }
    }

    private void workOn(Registration registration) {
        if (!registration.listener().enter(registration)) {
            return;
        }
        try {
            if (deliverSome(registration)) {
                this.line.add(registration);
            }
        } finally {
            Registration next = registration.listener().leave();
            if (next != null) {
                this.line.add(next);
            }
        }
    }

    /** Returns whether there may be more. */
    private boolean deliverSome(Registration registration) {
        for (int i = 0; i < BATCH; i++) {
            byte[] payload = registration.queue().next();
            if (payload == null) {
                return false;
            }
            this.waiting.decrementAndGet();
            try {
                this.destination.deliver(registration, payload);
            } catch (Throwable ex) {
                // The next messages must not suffer from an error handler that throws.
                logger.error("Delivering a message of the shard channel '" + registration.channel() + "' failed", ex);
            }
        }
        return true;
    }
}
