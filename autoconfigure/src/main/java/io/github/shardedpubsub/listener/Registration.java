package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.function.BooleanSupplier;

/** One listener on one channel, from its adding to its removal, with what waits for it. */
final class Registration implements Runnable {

    private final ChannelName channel;

    private final byte[] channelBytes;

    private final RegisteredListener listener;

    private final BooleanSupplier allPaused;

    private final ChannelQueue queue;

    /** To be removed as soon as what waits is delivered. */
    private volatile boolean leaving;

    /** No call begins. */
    private volatile boolean ended;

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
        this.channelBytes = channel.toBytes();
        this.listener = listener;
        this.allPaused = allPaused;
        this.queue = new ChannelQueue(capacity, overflow, this::isPaused, roomChanged);
    }

    ChannelName channel() {
        return this.channel;
    }

    /** The channel's name, for reading only. */
    byte[] channelBytes() {
        return this.channelBytes;
    }

    RegisteredListener listener() {
        return this.listener;
    }

    ChannelQueue queue() {
        return this.queue;
    }

    private boolean isPaused() {
        return !this.ended && (this.listener.isPaused() || this.allPaused.getAsBoolean());
    }

    /** Queues a message; called on an event loop, and never waits. */
    void add(byte[] payload) {
        this.listener.delivery().add(this, payload);
    }

    /** Finds a worker for what waits. */
    @Override
    public void run() {
        this.listener.delivery().schedule(this);
    }

    /** Goes on with what waits, after a pause. */
    void resume() {
        this.listener.delivery().resume(this);
    }

    /** Takes messages again, after a stop. */
    void open() {
        if (!this.leaving) {
            this.ended = false;
            this.queue.open();
        }
    }

    /** Takes no more messages; what waits is delivered. What comes all the same is dropped and counted. */
    void close() {
        this.queue.close();
    }

    /** Closes it, to be removed when what waits is delivered. */
    void leave() {
        this.leaving = true;
        close();
    }

    boolean isLeaving() {
        return this.leaving;
    }

    /** Is not to be removed any more, but taken as added anew. Returns whether it was to be. */
    boolean stay() {
        if (!this.leaving) {
            return false;
        }
        this.leaving = false;
        this.listener.pause(false);
        open();
        resume();
        return true;
    }

    /** No call begins from now on, and what waits is dropped, until it is {@linkplain #open() opened}. */
    void discard() {
        close();
        this.ended = true;
        this.listener.delivery().discard(this);
    }

    /** Whether no call may begin: it is removed, or its container has stopped. */
    boolean isEnded() {
        return this.ended;
    }
}
