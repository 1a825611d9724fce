package io.github.shardedpubsub.recovery;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How the listeners of a channel with a history stand there, at one moment.
 *
 * @param channel its name
 * @param listeners how many have recovery there, 1 or more
 * @param behind how many of them wait for messages from the history, or have no room for them, while the channel is confirmed
 * @param behindSince since when the one of these has that waits longest: when the channel was confirmed again or a gap was seen; null if
 *     none waits
 * @param position up to where that one has the history, or if none waits the one that was added first; null while it is not known where it
 *     begins
 * @param recovered how many messages they have got from the history
 * @param losses how often one of them was told that it cannot have some messages
 * @param lastLoss the last of these times, null if there was none
 * @param lastError why the history could not be read last, null if it could or nobody waits for it
 */
public record RecoveryStatus(
        String channel,
        int listeners,
        int behind,
        @Nullable Instant behindSince,
        @Nullable StreamPosition position,
        long recovered,
        long losses,
        @Nullable ToldLoss lastLoss,
        @Nullable String lastError) {}
