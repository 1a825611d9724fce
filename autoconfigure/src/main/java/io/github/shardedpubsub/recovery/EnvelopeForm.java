package io.github.shardedpubsub.recovery;

/** How a message with recovery looks to those who subscribe to its channel by other means. Listeners with recovery take both. */
public enum EnvelopeForm {

    /** Its line begins with a byte that no text has, so that nobody takes it for one. */
    BINARY,

    /** Without that byte: for subscribers that decode each message as UTF-8 and would fail. If its payload is text, all of it is. */
    TEXT
}
