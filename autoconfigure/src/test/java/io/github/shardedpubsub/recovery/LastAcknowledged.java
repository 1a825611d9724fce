package io.github.shardedpubsub.recovery;

import org.jspecify.annotations.Nullable;

/** Where the last message of a channel is that a publisher was told is published. */
public final class LastAcknowledged {

    private LastAcknowledged() {}

    /** Null if none is known. */
    public static @Nullable StreamPosition of(ShardHistory history, String channel) {
        return history.lastAcknowledged(channel);
    }
}
