package io.github.shardedpubsub.recovery;

import org.jspecify.annotations.Nullable;

/**
 * Messages that a node had acknowledged and that the history has lost: a failover without a wait for replicas, a restart from an older
 * file, or somebody who deleted it.
 *
 * @param after the last one before them that the history has; before all if it has none
 * @param upTo the last of them that the publisher knows of; those of other publishers may be lost besides
 */
public record LostWrites(StreamPosition after, StreamPosition upTo) {

    /** Null if it is not as {@link #toString} writes it. */
    static @Nullable LostWrites of(String epoch, String after, String upTo) {
        StreamPosition from = StreamPosition.of(epoch, after);
        StreamPosition to = StreamPosition.of(epoch, upTo);
        return from == null || to == null ? null : new LostWrites(from, to);
    }
}
