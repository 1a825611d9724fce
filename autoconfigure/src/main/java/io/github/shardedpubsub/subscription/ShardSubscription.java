package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.concurrent.CompletableFuture;

/**
 * One sink's claim to a channel. Several claims to a channel share one subscription at the server.
 */
public interface ShardSubscription {

    /**
     * The channel that is claimed.
     */
    ChannelName channel();

    /**
     * Completed when a node has first confirmed the channel (at once if it is confirmed already), or fails with a
     * {@link ShardSubscriptionRefusedException} when the server refuses it for good, or with a
     * {@link java.util.concurrent.CancellationException} when the claim is released before. There is no time limit in it: while
     * the cluster cannot serve the channel, it is worked on. Completed on the subscriptions' own thread; do not block there.
     */
    CompletableFuture<Void> confirmed();

    /**
     * Has the node's connection read no further, until {@link #resumeReading()} or the claim's release: for a sink that has no room.
     * What has been read is delivered still. Every channel of the node waits, and so do the node's answers; the node keeps what it
     * cannot send until that exceeds its {@code client-output-buffer-limit}, and then closes the connection. It holds for the
     * connections that the channel's messages come from now, of which there are two while its slot moves: a sink that has no room
     * when they come over another says so again.
     *
     * <p>May be called from any thread, and while a message is taken.
     */
    void pauseReading();

    /**
     * Reads on, if no other claim at the node wants it otherwise. Does nothing where reading is not paused.
     */
    void resumeReading();

    /**
     * Releases the claim: its sink gets nothing that is received after the call. The last claim's release ends the subscription.
     * Releasing twice does nothing.
     *
     * @return completed, never exceptionally, when the server has ended the subscription or its connection is gone; at once if
     *     other claims remain
     */
    CompletableFuture<Void> release();
}
