package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A sink's claim to a channel. */
final class Claim implements ShardSubscription {

    private static final Logger logger = LoggerFactory.getLogger(Claim.class);

    private final ChannelName channel;

    private final ShardMessageSink sink;

    private final Keeper keeper;

    private final CompletableFuture<Void> confirmed = new CompletableFuture<>();

    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private final AtomicBoolean released = new AtomicBoolean();

    private volatile boolean readingPaused;

    /** Who carries out what is wanted of a claim; called on any thread. */
    interface Keeper {

        void release(Claim claim);

        void pauseReading(Claim claim, boolean again);

        void resumeReading(Claim claim);
    }

    Claim(ChannelName channel, ShardMessageSink sink, Keeper keeper) {
        this.channel = channel;
        this.sink = sink;
        this.keeper = keeper;
    }

    @Override
    public void pauseReading() {
        boolean again = this.readingPaused;
        this.readingPaused = true;
        this.keeper.pauseReading(this, again);
    }

    @Override
    public void resumeReading() {
        if (this.readingPaused) {
            this.readingPaused = false;
            this.keeper.resumeReading(this);
        }
    }

    boolean wantsReadingPaused() {
        return this.readingPaused;
    }

    @Override
    public ChannelName channel() {
        return this.channel;
    }

    @Override
    public CompletableFuture<Void> confirmed() {
        return this.confirmed;
    }

    @Override
    public CompletableFuture<Void> release() {
        if (this.released.compareAndSet(false, true)) {
            this.keeper.release(this);
        }
        return this.ended;
    }

    /** Nothing will come of it: the subscriptions are closed. */
    void abandon() {
        this.confirmed.cancel(false);
        this.ended.complete(null);
    }

    CompletableFuture<Void> ended() {
        return this.ended;
    }

    /** A sink that fails must harm neither the channel's other sinks nor the connection it is called from. */
    void deliver(byte[] payload) {
        if (this.released.get()) {
            return;
        }
        try {
            this.sink.message(this.channel, payload);
        } catch (RuntimeException ex) {
            logger.error("The sink {} failed at a message of the shard channel '{}'", this.sink, this.channel, ex);
        }
    }
}
