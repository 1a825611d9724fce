package io.github.shardedpubsub.recovery;

import org.jspecify.annotations.Nullable;

/**
 * A message as it was kept.
 *
 * @param link the one before it, if an epoch begins with it; else null
 */
record HistoryEntry(StreamPosition position, @Nullable Link link, byte[] payload) {

    /** Whether it is the first one of a history. */
    boolean isFirst() {
        return this.link != null && this.link.previous().isOrigin();
    }
}
