package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;

/**
 * Takes the messages of a channel, in the order in which the server sent them.
 */
@FunctionalInterface
public interface ShardMessageSink {

    /**
     * A message. Called on an event loop, which must not be blocked: every channel of the node waits meanwhile.
     *
     * @param payload shared by all sinks of the channel: not to be changed
     */
    void message(ChannelName channel, byte[] payload);
}
