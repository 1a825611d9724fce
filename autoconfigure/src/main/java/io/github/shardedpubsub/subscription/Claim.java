package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A sink's claim to a channel. */
final class Claim implements ShardSubscription, Claimants {

    private static final Logger logger = LoggerFactory.getLogger(Claim.class);

    private final ChannelName channel;

    private final ShardMessageSink sink;

    private final Keeper keeper;

    /** Null once it is confirmed, which nearly all claims are nearly always. */
    private volatile @Nullable CompletableFuture<Void> confirming = new CompletableFuture<>();

    /** Null until it is released. */
    private volatile @Nullable CompletableFuture<Void> ending;

    /** Who carries out what is wanted of a claim; called on any thread. */
    interface Keeper {

        void release(Claim claim);

        void pauseReading(Claim claim);

        void resumeReading(Claim claim);

        boolean wantsReadingPaused(Claim claim);
    }

    Claim(ChannelName channel, ShardMessageSink sink, Keeper keeper) {
        this.channel = channel;
        this.sink = sink;
        this.keeper = keeper;
    }

    @Override
    public void pauseReading() {
        if (this.ending == null) {
            this.keeper.pauseReading(this);
        }
    }

    @Override
    public void resumeReading() {
        this.keeper.resumeReading(this);
    }

    @Override
    public boolean wantsReadingPaused() {
        return this.keeper.wantsReadingPaused(this);
    }

    @Override
    public ChannelName channel() {
        return this.channel;
    }

    @Override
    public CompletableFuture<Void> confirmed() {
        CompletableFuture<Void> confirming = this.confirming;
        return confirming != null ? confirming : CompletableFuture.completedFuture(null);
    }

    /** Nothing, where it was confirmed, refused or released before. */
    void confirm() {
        CompletableFuture<Void> confirming = this.confirming;
        if (confirming != null && confirming.complete(null)) {
            this.confirming = null;
        }
    }

    void refuse(Throwable refusal) {
        CompletableFuture<Void> confirming = this.confirming;
        if (confirming != null) {
            confirming.completeExceptionally(refusal);
        }
    }

    @Override
    public CompletableFuture<Void> release() {
        CompletableFuture<Void> ending = new CompletableFuture<>();
        synchronized (this) {
            if (this.ending != null) {
                return this.ending;
            }
            this.ending = ending;
        }
        this.keeper.release(this);
        return ending;
    }

    /** No confirmation is to come. */
    void cancel() {
        CompletableFuture<Void> confirming = this.confirming;
        if (confirming != null) {
            confirming.cancel(false);
        }
    }

    /** Nothing will come of it: the subscriptions are closed. */
    void abandon() {
        cancel();
        end();
    }

    /** The subscription has ended, if anybody waits for that. */
    void end() {
        CompletableFuture<Void> ending = this.ending;
        if (ending != null) {
            ending.complete(null);
        }
    }

    @Override
    public void forEach(Consumer<Claim> action) {
        action.accept(this);
    }

    /** A sink that fails must harm neither the channel's other sinks nor the connection it is called from. */
    @Override
    public void deliver(byte[] payload) {
        if (this.ending != null) {
            return;
        }
        try {
            this.sink.message(this.channel, payload);
        } catch (RuntimeException ex) {
            logger.error("The sink {} failed at a message of the shard channel '{}'", this.sink, this.channel, ex);
        }
    }
}
