package io.github.shardedpubsub.listener;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.MessageListener;

/**
 * A listener of the container, whatever its channels: its options, whether it is paused, and how many workers it has and may have.
 */
final class RegisteredListener {

    private final MessageListener listener;

    /** The same, if it is one. */
    private final @Nullable RequestingListener requesting;

    private final ListenerOptions options;

    private final OrderedDelivery delivery;

    private final int mostWorkers;

    private volatile boolean paused;

    private final AtomicInteger workers = new AtomicInteger();

    /** Those for which there was no worker, since the listener had as many as it may have. */
    private final Queue<Registration> waiting = new ConcurrentLinkedQueue<>();

    /**
     * Creates it without channels.
     *
     * @param delivery does the work for it
     * @param mostWorkers how many workers call it at the same time at most
     */
    RegisteredListener(MessageListener listener, ListenerOptions options, OrderedDelivery delivery, int mostWorkers) {
        this.listener = listener;
        this.requesting = listener instanceof RequestingListener asking ? asking : null;
        this.options = options;
        this.delivery = delivery;
        this.mostWorkers = mostWorkers;
    }

    MessageListener listener() {
        return this.listener;
    }

    /** On event loops, where the application's code must not fail. */
    @Override
    public String toString() {
        try {
            return this.listener.toString();
        } catch (RuntimeException ex) {
            return this.listener.getClass().getName();
        }
    }

    ListenerOptions options() {
        return this.options;
    }

    OrderedDelivery delivery() {
        return this.delivery;
    }

    /** Whether no call is to begin now: it is paused, or has not asked for more. */
    boolean isPaused() {
        return this.paused || (this.requesting != null && !this.requesting.isRequesting());
    }

    void pause(boolean paused) {
        this.paused = paused;
    }

    /** Whether a worker may begin with one of its registrations. Who has begun has to {@link #leave()}. */
    boolean enter() {
        for (int now = this.workers.get(); now < this.mostWorkers; now = this.workers.get()) {
            if (this.workers.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Keeps a registration for which there was no worker until one leaves.
     *
     * @return one, this or another, if a worker has left meanwhile
     */
    @Nullable
    Registration await(Registration registration) {
        this.waiting.add(registration);
        return this.workers.get() < this.mostWorkers ? this.waiting.poll() : null;
    }

    /** A worker has done; returns what another could not begin with meanwhile. */
    @Nullable
    Registration leave() {
        this.workers.decrementAndGet();
        return this.waiting.poll();
    }
}
