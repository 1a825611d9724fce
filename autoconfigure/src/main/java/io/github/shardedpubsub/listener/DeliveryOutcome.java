package io.github.shardedpubsub.listener;

/**
 * How the call of a listener ended.
 */
public enum DeliveryOutcome {

    /** It returned. */
    SUCCESS,

    /** It threw. */
    ERROR
}
