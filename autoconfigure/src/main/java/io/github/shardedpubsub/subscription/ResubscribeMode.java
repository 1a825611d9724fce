package io.github.shardedpubsub.subscription;

/**
 * Who subscribes an interrupted channel again.
 */
public enum ResubscribeMode {

    /** The subscriptions do, at once and for ever. */
    FOLLOW,

    /**
     * The application does, when it is told of the interruption, by {@link ShardSubscriptions#resubscribe}. Until then the channel
     * stays interrupted. Moving slots are not followed beforehand.
     */
    NOTIFY
}
