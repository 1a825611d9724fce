package io.github.shardedpubsub.listener;

/**
 * What is thrown away when a message comes and the queue of its channel is full.
 */
public enum OverflowPolicy {

    /** The message that has waited longest: what reaches the listeners is recent, with a gap before it. */
    DROP_OLDEST,

    /** The message that has just come: what waits already is delivered, and the gap comes after it. */
    DROP_NEWEST
}
