package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.function.BooleanSupplier;

/** One listener on one channel, from its adding to its removal, with what waits for it. */
final class Registration {

    private final ChannelName channel;

    private final RegisteredListener listener;

    private final BooleanSupplier allPaused;

    private final ChannelQueue queue;

    /** What comes now is for others, or for nobody. */
    private volatile boolean closed;

    private volatile boolean removed;

    /**
     * Creates it with an empty queue.
     *
     * @param allPaused whether all listeners are paused
     * @see ChannelQueue
     */
    Registration(
            ChannelName channel,
            RegisteredListener listener,
            BooleanSupplier allPaused,
            int capacity,
            OverflowPolicy overflow,
            Runnable roomChanged) {
        this.channel = channel;
        this.listener = listener;
        this.allPaused = allPaused;
        this.queue = new ChannelQueue(capacity, overflow, this::isPaused, roomChanged);
    }

    ChannelName channel() {
        return this.channel;
    }

    RegisteredListener listener() {
        return this.listener;
    }

    ChannelQueue queue() {
        return this.queue;
    }

    private boolean isPaused() {
        return !this.removed && (this.listener.isPaused() || this.allPaused.getAsBoolean());
    }

    /** Queues a message; called on an event loop, and never waits. */
    void add(byte[] payload) {
        if (!this.closed) {
            this.listener.delivery().add(this, payload);
        }
    }

    /** Goes on with what waits, after a pause. */
    void resume() {
        this.listener.delivery().resume(this);
    }

    /** Takes no more messages; what waits is delivered. */
    void close() {
        this.closed = true;
    }

    /** No call begins any more, and what waits is dropped. */
    void remove() {
        this.closed = true;
        this.removed = true;
        discard();
    }

    /** Drops what waits. */
    void discard() {
        this.listener.delivery().discard(this);
    }

    boolean isRemoved() {
        return this.removed;
    }
}
