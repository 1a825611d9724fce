package io.github.shardedpubsub.test;

/**
 * In which order the nodes are told that a slot has a new owner.
 *
 * <p>The order decides what a subscriber of the slot sees, since the source ends its subscriptions when <em>it</em> learns of the move.
 */
public enum SlotMove {

    /**
     * The target first, then the source, then the other masters: the order of {@code redis-cli --cluster reshard}. When the source's
     * subscribers are told, the target serves the slot already.
     */
    TARGET_FIRST,

    /**
     * The source before the target: for a moment nobody serves the slot, and a subscriber that follows at once is sent back and forth by
     * {@code MOVED}.
     */
    SOURCE_FIRST,

    /**
     * The target alone: the source and all others learn of it from the cluster bus. Neither {@code SETSLOT MIGRATING} nor
     * {@code SETSLOT NODE} reaches the source, so a key written to the slot while it moves is lost.
     */
    GOSSIP_ONLY
}
