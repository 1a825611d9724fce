package io.github.shardedpubsub.listener;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
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

    /** Its registrations that have something to deliver and no worker. */
    private final Queue<Registration> waiting = new ConcurrentLinkedQueue<>();

    /** In the line of those that wait for a worker. */
    private final AtomicBoolean inLine = new AtomicBoolean();

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

    /** Whether it took the last message that it was called with. */
    boolean tookLast() {
        return this.requesting == null || this.requesting.tookLast();
    }

    void pause(boolean paused) {
        this.paused = paused;
    }

    /** Has something to deliver. */
    void await(Registration registration) {
        this.waiting.add(registration);
    }

    /** Whether some of its registrations wait for a worker. */
    boolean isWaiting() {
        return !this.waiting.isEmpty();
    }

    /** The next registration to deliver from; null for none. */
    @Nullable
    Registration next() {
        return this.waiting.poll();
    }

    /** Whether it has to be put into the line of those that wait for a worker, and is not yet. */
    boolean joinsLine() {
        return !this.inLine.get() && this.inLine.compareAndSet(false, true);
    }

    void leavesLine() {
        this.inLine.set(false);
    }

    /** Whether one more worker may begin with its registrations. Who has begun has to {@link #leave()}, and then to look for more. */
    boolean enter() {
        for (int now = this.workers.get(); now < this.mostWorkers; now = this.workers.get()) {
            if (this.workers.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    /** Whether one more worker might begin. */
    boolean hasRoom() {
        return this.workers.get() < this.mostWorkers;
    }

    void leave() {
        this.workers.decrementAndGet();
    }
}
