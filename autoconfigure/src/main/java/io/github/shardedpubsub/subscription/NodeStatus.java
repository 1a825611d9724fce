package io.github.shardedpubsub.subscription;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a node at one moment.
 *
 * @param address where it leads
 * @param connected whether it stands
 * @param since since when it has stood, or has not
 * @param subscribed how many channels this node has confirmed to us
 * @param lastError why it was lost or could not be opened; where it stands, that a probe was not delivered; null otherwise
 * @param readingPausedSince since when it is read no further, as there is no room for messages of its channels; null if it is read
 */
public record NodeStatus(
        NodeAddress address,
        boolean connected,
        Instant since,
        int subscribed,
        @Nullable String lastError,
        @Nullable Instant readingPausedSince) {

    /** A connection that is read. */
    public NodeStatus(
            NodeAddress address, boolean connected, Instant since, int subscribed, @Nullable String lastError) {
        this(address, connected, since, subscribed, lastError, null);
    }
}
