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
 */
public record NodeStatus(
        NodeAddress address,
        boolean connected,
        Instant since,
        int subscribed,
        @Nullable String lastError) {}
