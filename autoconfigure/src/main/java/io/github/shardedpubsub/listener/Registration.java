package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.ChannelRecovery;
import io.github.shardedpubsub.recovery.HistoryMessage;
import io.github.shardedpubsub.recovery.RecoverySink;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.recovery.StartPosition;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One listener on one channel, from its adding to its removal, with what waits for it. */
final class Registration implements Runnable {

    private final ChannelName channel;

    private final byte[] channelBytes;

    private final RegisteredListener listener;

    private final BooleanSupplier allPaused;

    private final ChannelQueue queue;

    private final @Nullable ShardRecovery recoveries;

    /** Null for a channel without a history. */
    private final @Nullable ChannelRecovery recovery;

    /** Its channel has a history, and its messages are opened, but it gets only those that come live. */
    private final boolean withoutRecovery;

    /** To be removed as soon as what waits is delivered. */
    private volatile boolean leaving;

    /** No call begins. */
    private volatile boolean ended;

    /** Creates it with an empty queue, for a channel without a history. */
    Registration(
            ChannelName channel,
            RegisteredListener listener,
            BooleanSupplier allPaused,
            int capacity,
            OverflowPolicy overflow,
            Runnable roomChanged) {
        this(channel, listener, allPaused, capacity, overflow, roomChanged, null);
    }

    /**
     * Creates it with an empty queue.
     *
     * @param allPaused whether all listeners are paused
     * @param recoveries null for none
     * @see ChannelQueue
     */
    Registration(
            ChannelName channel,
            RegisteredListener listener,
            BooleanSupplier allPaused,
            int capacity,
            OverflowPolicy overflow,
            Runnable roomChanged,
            @Nullable ShardRecovery recoveries) {
        this.channel = channel;
        this.channelBytes = channel.toBytes();
        this.listener = listener;
        this.allPaused = allPaused;
        this.recoveries = recoveries;
        boolean inHistory = recoveries != null && recoveries.matches(channel);
        this.recovery = recovery(recoveries, inHistory);
        this.withoutRecovery = inHistory && this.recovery == null;
        // what finds no room is read from the history later, so that nothing is dropped, and no connection has to wait
        this.queue = this.recovery == null
                ? new ChannelQueue(capacity, overflow, this::isPaused, roomChanged)
                : new ChannelQueue(capacity, OverflowPolicy.BLOCK, this::isPaused, this::recoverIfRoom);
    }

    private @Nullable ChannelRecovery recovery(@Nullable ShardRecovery recoveries, boolean inHistory) {
        ListenerOptions options = this.listener.options();
        StartPosition start = Objects.requireNonNullElse(options.start(), StartPosition.NEW);
        if (Objects.requireNonNullElse(options.recover(), inHistory)) {
            if (recoveries == null) {
                throw new IllegalArgumentException(this.listener
                        + " is to recover what it misses, but its container has no ShardRecovery: set one there");
            }
            return recoveries.open(this.channel, start, options.name(), new QueueSink());
        }
        if (!start.equals(StartPosition.NEW)) {
            throw new IllegalArgumentException(
                    this.listener + " is to start with '" + start + "' on the shard channel '" + this.channel
                            + "', but is without recovery there. Name the channel in sharded-pubsub.recovery.channels, or let the listener"
                            + " recover");
        }
        return null;
    }

    /** What a recovery delivers. */
    private final class QueueSink implements RecoverySink {

        @Override
        public boolean hasRoom() {
            return !Registration.this.queue.isWithoutRoom();
        }

        @Override
        public void message(byte[] message) {
            Registration.this.listener.delivery().add(Registration.this, message);
        }

        @Override
        public void dropped(int count) {
            Registration.this.listener.delivery().dropped(Registration.this, count);
        }
    }

    private void recoverIfRoom() {
        ChannelRecovery recovery = this.recovery;
        if (recovery != null && !this.queue.isWithoutRoom()) {
            recovery.room();
        }
    }

    /** Whether messages are those of a {@link RecoverySink}. */
    boolean isRecovering() {
        return this.recovery != null;
    }

    /** Opens what was in the queue; null for a message of a channel without a history. */
    @Nullable
    HistoryMessage open(byte[] queued) {
        if (this.recovery != null) {
            return HistoryMessage.open(queued);
        }
        return this.withoutRecovery ? HistoryMessage.openLive(queued) : null;
    }

    /** The listener's call with a message has ended. */
    void taken(HistoryMessage message) {
        if (this.recovery != null && message.position() != null && this.listener.tookLast()) {
            this.recovery.taken(message.position());
        }
    }

    /** Whether the connections that its channel's messages come from have to wait for it. */
    boolean isReadingPaused() {
        return this.recovery == null && this.queue.isWithoutRoom();
    }

    /** Its channel is confirmed, for the first time or already. */
    void confirmed() {
        if (this.recovery != null) {
            this.recovery.confirmed();
        }
    }

    /** Its channel is about to be released. */
    void releasing() {
        if (this.recovery != null) {
            this.recovery.releasing();
        }
    }

    /** Completed when it is known where it begins in its channel's history; at once where there is none. */
    CompletableFuture<@Nullable Void> begun() {
        return this.recovery != null ? this.recovery.begun() : CompletableFuture.completedFuture(null);
    }

    /** It is removed, and will not come back. */
    void forget() {
        if (this.recovery != null && this.recoveries != null) {
            this.recoveries.close(this.recovery);
        }
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
        if (this.recovery != null) {
            this.recovery.message(payload);
        } else {
            this.listener.delivery().add(this, payload);
        }
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
            if (this.recovery != null) {
                this.recovery.start();
            }
        }
    }

    /** Takes no more messages; what waits is delivered. What comes all the same is dropped and counted. */
    void close() {
        if (this.recovery != null) {
            this.recovery.stop();
        }
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
        if (this.recovery != null) {
            this.recovery.discarded();
        }
    }

    /** Whether no call may begin: it is removed, or its container has stopped. */
    boolean isEnded() {
        return this.ended;
    }
}
