package io.github.shardedpubsub.recovery;

import org.jspecify.annotations.Nullable;

/**
 * Messages of a channel that a listener cannot have.
 *
 * @param cause why
 * @param after the last one before them, which the listener had or which the history has
 * @param before the next one, which it has or gets now; or, for {@link Cause#WRITES_LOST}, the last of them. Null where nothing is known to
 *     have followed
 */
public record HistoryLoss(
        Cause cause, StreamPosition after, @Nullable StreamPosition before) {

    /** Why messages cannot be had. */
    public enum Cause {

        /** More were published than the history keeps, before they could be read. */
        TRIMMED,

        /** The history's time was over before it could be read: there may have been messages, or none. */
        EXPIRED,

        /** The history is there anew, or gone, before its time: somebody has deleted it, or the server has lost it. */
        DELETED,

        /** A publisher has found that messages are lost which a server had acknowledged, for the most part in a failover. */
        WRITES_LOST
    }
}
