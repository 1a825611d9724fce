package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A sink's claim to a channel. */
final class Claim implements ShardSubscription {

    private final ChannelName channel;

    private final ShardMessageSink sink;

    private final Consumer<Claim> releasing;

    private final CompletableFuture<Void> confirmed = new CompletableFuture<>();

    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private volatile boolean released;

    Claim(ChannelName channel, ShardMessageSink sink, Consumer<Claim> releasing) {
        this.channel = channel;
        this.sink = sink;
        this.releasing = releasing;
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
        this.released = true;
        this.releasing.accept(this);
        return this.ended;
    }

    CompletableFuture<Void> ended() {
        return this.ended;
    }

    void deliver(byte[] payload) {
        if (!this.released) {
            this.sink.message(this.channel, payload);
        }
    }
}
