package io.github.shardedpubsub.subscription;

/**
 * How a wanted channel stands.
 */
public enum ChannelState {

    /** Wanted, and never confirmed yet: no node is known or connected that could be asked. */
    WANTED,

    /** Wanted, never confirmed yet, and a node has been asked. */
    SUBSCRIBING,

    /** Confirmed by a node: messages are delivered. */
    SUBSCRIBED,

    /** It was confirmed, is not now, and is being worked on. What is published meanwhile does not come live. */
    INTERRUPTED,

    /** The server refuses it for want of permission. It is asked again only at long intervals. */
    REFUSED
}
