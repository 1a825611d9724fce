package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An interruption is over. What was published in its time did not come; where it is stored, it can be fetched now.
 *
 * @param slot 0..16383
 * @param cause why the channel was interrupted
 * @param since since when
 * @param duration how long
 * @param from the node that had served it
 * @param to the node that has confirmed it; it can be the same
 */
public record ShardRestoredEvent(
        String channel,
        int slot,
        InterruptionCause cause,
        Instant since,
        Duration duration,
        NodeAddress from,
        @Nullable NodeAddress to)
        implements ShardChannelEvent {}
