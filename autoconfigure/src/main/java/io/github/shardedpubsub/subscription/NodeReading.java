package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Pipe;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a node's connection is read: not as long as there is no room for the messages of one of its channels. Changed on the
 * subscriptions' own thread only, but for {@link #pauseNow}.
 */
final class NodeReading {

    private final NodeConnection node;

    private final Reconciler reconciler;

    /** The channels for whose messages there is no room, so that nothing is read. */
    private final Set<WantedChannel> withoutRoom = new HashSet<>();

    private volatile @Nullable Instant pausedSince;

    NodeReading(NodeConnection node, Reconciler reconciler) {
        this.node = node;
        this.reconciler = reconciler;
    }

    /** Nothing is read, so that the node does not answer either. */
    boolean isPaused() {
        return this.pausedSince != null;
    }

    /** Null while it is read. */
    @Nullable
    Instant pausedSince() {
        return this.pausedSince;
    }

    /** On any thread; what is decided on our own thread comes after it. */
    void pauseNow() {
        Pipe pipe = this.node.currentPipe();
        if (pipe != null) {
            pipe.pauseReading();
        }
    }

    /**
     * There is no room for the channel's messages, or there is again. Only a connection that stands is paused: over the next one the
     * channel is yet to be confirmed, and nothing would be read of that.
     */
    void changed(WantedChannel channel) {
        if (this.node.isConnected() && channel.wantsReadingPaused()) {
            this.withoutRoom.add(channel);
        } else {
            this.withoutRoom.remove(channel);
        }
        settle();
    }

    /** The channel is not here any more. */
    void goOnWithout(WantedChannel channel) {
        if (this.withoutRoom.remove(channel)) {
            settle();
        }
    }

    /** Reads on if there is room for all, and pauses if not. */
    void settle() {
        boolean paused = !this.withoutRoom.isEmpty();
        if (paused != isPaused()) {
            this.pausedSince = paused ? this.reconciler.timeline().now() : null;
            if (paused) {
                this.reconciler.standings().observe(observer -> observer.readingPaused(this.node.address()));
            }
        }
        Pipe pipe = this.node.currentPipe();
        if (pipe != null) {
            if (paused) {
                pipe.pauseReading();
            } else {
                pipe.resumeReading();
            }
        }
    }
}
