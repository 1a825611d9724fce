package io.github.shardedpubsub.listener;

/**
 * Something that an application may want to know of a shard channel. Published as an application event: in order for each channel,
 * on a thread of its own, so that a slow event listener holds up neither messages nor subscriptions.
 *
 * @see ShardEventPublisher
 */
public interface ShardChannelEvent {

    /**
     * The channel's name.
     */
    String channel();
}
