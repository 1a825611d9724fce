package io.github.shardedpubsub.pipe;

/**
 * A channel as the owner of pipes knows it, so that a message's bytes lead to it without a name being made of them.
 */
public interface PipeChannel {

    /**
     * Always the same.
     */
    ChannelName name();
}
