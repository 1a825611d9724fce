package io.github.shardedpubsub.subscription;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A wanted channel at one moment.
 *
 * @param channel its name, read as UTF-8
 * @param slot 0..16383
 * @param state how it stands
 * @param since since when it has stood so
 * @param node the node that has confirmed it or was asked last, null if none was
 * @param lastInterruption the one that lasts, or else the last one; null if there was none
 * @param interruptions how many there were
 * @param lastError what the server or the network said last against it, null if it is confirmed
 */
public record ChannelStatus(
        String channel,
        int slot,
        ChannelState state,
        Instant since,
        @Nullable NodeAddress node,
        @Nullable Interruption lastInterruption,
        long interruptions,
        @Nullable String lastError) {}
