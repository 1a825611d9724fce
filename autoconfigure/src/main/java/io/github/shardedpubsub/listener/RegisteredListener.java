package io.github.shardedpubsub.listener;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.MessageListener;

/**
 * A listener of the container, whatever its channels: its options, whether it is paused, and how many workers it has and may have.
 */
final class RegisteredListener {

    private final MessageListener listener;

    private final ListenerOptions options;

    private final OrderedDelivery delivery;

    private final int mostWorkers;

    private volatile boolean paused;

    private int workers;

    /** Those for which there was no worker, since the listener had as many as it may have. */
    private final Deque<Registration> waiting = new ArrayDeque<>();

    /**
     * Creates it without channels.
     *
     * @param delivery does the work for it
     * @param mostWorkers how many workers call it at the same time at most
     */
    RegisteredListener(MessageListener listener, ListenerOptions options, OrderedDelivery delivery, int mostWorkers) {
        this.listener = listener;
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
        return this.paused || (this.listener instanceof RequestingListener requesting && !requesting.isRequesting());
    }

    void pause(boolean paused) {
        this.paused = paused;
    }

    /** Whether a worker may begin with the registration; if not, it is given to one that leaves. */
    synchronized boolean enter(Registration registration) {
        if (this.workers == this.mostWorkers) {
            this.waiting.add(registration);
            return false;
        }
        this.workers++;
        return true;
    }

    /** A worker has done; returns what another could not begin with meanwhile. */
    synchronized @Nullable Registration leave() {
        this.workers--;
        return this.waiting.poll();
    }
}
