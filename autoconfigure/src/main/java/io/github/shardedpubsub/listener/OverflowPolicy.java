package io.github.shardedpubsub.listener;

/**
 * What is done when a message comes and the queue that it belongs in is full. On a channel with recovery it has no meaning: what finds
 * no room is read from the history.
 */
public enum OverflowPolicy {

    /** The message that has waited longest is thrown away: what reaches the listener is recent, with a gap before it. */
    DROP_OLDEST,

    /** The message that has just come is thrown away: what waits already is delivered, and the gap comes after it. */
    DROP_NEWEST,

    /**
     * The connection is read no further until the queue is half empty; what had been read before is queued all the same. All
     * channels of the node wait meanwhile. The server keeps what it cannot send, and closes the connection when that exceeds its
     * {@code client-output-buffer-limit pubsub}: so nothing is lost in a short burst, and an interruption comes of a long one.
     */
    BLOCK
}
