package io.github.shardedpubsub.subscription;

/**
 * Why a confirmed channel was interrupted.
 */
public enum InterruptionCause {

    /** The server ended the subscription on its own: the slot moved, was deleted, or was assigned again. */
    ENDED_BY_SERVER,

    /**
     * The connection was closed, by the server or by the network; or by us, to be opened anew, for what an audit or a probe has found
     * or since it was asked for.
     */
    CONNECTION_LOST,

    /** The connection was closed by us, because its replies no longer fitted what was asked. */
    OUT_OF_STEP,

    /**
     * The server had dropped the subscription without a word, which an audit or a check found. It can have been dead before the
     * interruption's beginning, for as long as there was no audit.
     */
    FOUND_DEAD
}
