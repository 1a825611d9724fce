package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.EndOfRead;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Brings messages from event loops to listeners: in order within a channel, side by side across channels. Each listener has a bounded
 * queue of its own for each of its channels, so that a slow one costs its own messages and no others', and a queue is worked on by
 * one worker at a time. There are at most {@code concurrency} workers; one that has delivered a few messages of a listener takes the
 * next listener in line.
 */
final class OrderedDelivery {

    private static final Log logger = LogFactory.getLog(OrderedDelivery.class);

    /** How many messages of one queue, and about how many of one listener, are delivered while others wait in line. */
    static final int BATCH = 64;

    /** For whom the thread works, if it does. */
    private static final ThreadLocal<@Nullable Destination> WORKING = new ThreadLocal<>();

    private final Executor executor;

    private final int concurrency;

    private final Destination destination;

    /** Those that have queues for which there is no worker, each once. */
    private final ConcurrentLinkedQueue<RegisteredListener> line = new ConcurrentLinkedQueue<>();

    /** Those called, too; only who has set {@link #called} adds one. */
    private final AtomicInteger workers = new AtomicInteger();

    /** A worker is called and has not looked at the line yet: it will see, and call the next, if there is more than it can do. */
    private final AtomicBoolean called = new AtomicBoolean();

    /** Where messages go. */
    interface Destination {

        /**
         * Calls the listener, if it is not removed. On a worker's thread.
         *
         * @param free the clock's nanoseconds when the worker was done with the message before, 0 if they are not known
         * @return the same for the next one
         */
        long deliver(Registration registration, byte[] payload, long free);

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
     */
    OrderedDelivery(Executor executor, int concurrency, Destination destination) {
        this.executor = executor;
        this.concurrency = concurrency;
        this.destination = destination;
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
        if (added.schedule()) {
            EndOfRead.run(registration);
        }
        if (added.many()) {
            EndOfRead.runNow();
        }
    }

    /** Finds a worker for its queue. */
    void schedule(Registration registration) {
        RegisteredListener listener = registration.listener();
        listener.await(registration);
        join(listener);
        wakeWorker();
    }

    /** Puts it into the line if it is not in it. */
    private void join(RegisteredListener listener) {
        if (listener.joinsLine()) {
            this.line.add(listener);
        }
    }

    /** Messages came for which there was no room, and which were not queued. */
    void dropped(Registration registration, int count) {
        this.destination.dropped(registration, count, false);
    }

    /** Goes on with what waits, where that was paused. */
    void resume(Registration registration) {
        if (registration.queue().scheduleIfNeeded()) {
            schedule(registration);
        }
    }

    /** Throws away what waits. */
    void discard(Registration registration) {
        int discarded = registration.queue().clear();
        if (discarded > 0) {
            this.destination.dropped(registration, discarded, false);
        }
    }

    /** One is enough, however many are in line: it wakes the next before it begins with the first. */
    private void wakeWorker() {
        while (!this.line.isEmpty()
                && this.workers.get() < this.concurrency
                && !this.called.get()
                && this.called.compareAndSet(false, true)) {
            if (this.workers.get() < this.concurrency) {
                this.workers.incrementAndGet();
                this.executor.execute(this::work);
                return;
            }
            // who adds to the line meanwhile relies on the one that was to be called
            this.called.set(false);
        }
    }

    private void work() {
        WORKING.set(this.destination);
        this.called.set(false);
        try {
            RegisteredListener listener = this.line.poll();
            while (listener != null) {
                listener.leavesLine();
                workOn(listener);
                listener = this.line.poll();
            }
        } finally {
            WORKING.remove();
            this.workers.decrementAndGet();
            // A listener may have joined the line after it was seen empty, while this worker still counted.
            wakeWorker();
        }
    }

    private void workOn(RegisteredListener listener) {
        if (!listener.enter()) {
            // each worker that it has looks when it leaves
            wakeWorker();
            return;
        }
        try {
            Registration registration = listener.next();
            if (listener.isWaiting() && listener.hasRoom()) {
                join(listener);
            }
            wakeWorker();
            for (int delivered = 0; registration != null; registration = delivered < BATCH ? listener.next() : null) {
                int some = deliverSome(registration);
                delivered += some;
                if (some == BATCH) {
                    listener.await(registration);
                }
            }
        } finally {
            listener.leave();
            if (listener.isWaiting()) {
                // this worker looks at the line next
                join(listener);
            }
        }
    }

    /** Returns how many; with {@link #BATCH} there may be more. */
    private int deliverSome(Registration registration) {
        long free = 0;
        for (int i = 0; i < BATCH; i++) {
            byte[] payload = registration.queue().next();
            if (payload == null) {
                return i;
            }
            try {
                free = this.destination.deliver(registration, payload, free);
            } catch (Throwable ex) {
                free = 0;
                // The next messages must not suffer from an error handler that throws.
                logger.error("Delivering a message of the shard channel '" + registration.channel() + "' failed", ex);
            }
        }
        return BATCH;
    }
}
