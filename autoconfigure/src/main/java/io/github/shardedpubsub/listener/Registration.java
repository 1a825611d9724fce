package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import org.springframework.data.redis.connection.MessageListener;

/** One listener on one channel, from its adding to its removal. */
final class Registration {

    private final ChannelName channel;

    private final MessageListener listener;

    private volatile boolean removed;

    Registration(ChannelName channel, MessageListener listener) {
        this.channel = channel;
        this.listener = listener;
    }

    ChannelName channel() {
        return this.channel;
    }

    MessageListener listener() {
        return this.listener;
    }

    void remove() {
        this.removed = true;
    }

    boolean isRemoved() {
        return this.removed;
    }
}
