package io.github.shardedpubsub.observation;

/**
 * Whether traces travel within payloads. To introduce it among many applications, let all of them {@link #ACCEPT} before the first of
 * them does {@link #SEND}: whoever does neither gets envelopes as payloads.
 */
public enum TracePropagation {

    /** What is published is sent as it is, and what is received is given to listeners as it is. */
    NONE,

    /** What is published is sent as it is. What is received in an envelope is taken out of it. */
    ACCEPT,

    /** What is published is sent in an envelope if there is a trace. What is received in one is taken out of it. */
    SEND
}
