package io.github.shardedpubsub.publisher;

/** What became of a message. */
public enum PublishOutcome {

    /** A node took it. */
    PUBLISHED,

    /** No node took it: it was refused, or never sent. Nobody got it, and nobody will. */
    REFUSED,

    /** It was sent and not answered, because the connection was lost or the answer did not come in time. */
    UNKNOWN
}
