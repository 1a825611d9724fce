package io.github.shardedpubsub.publisher;

import org.jspecify.annotations.Nullable;

/**
 * A message for a shard channel.
 *
 * @param channel the exact name
 * @param payload a {@code String}, a {@code byte[]} or any other object, as {@link ShardedPublisher} takes them
 * @param recovery whether it is kept in the channel's history, so that listeners with recovery never miss it; null for what the names
 *     of channels with recovery say
 */
public record ShardMessage(
        String channel, Object payload, @Nullable Boolean recovery) {

    /**
     * A message that is kept if its channel is one of those with recovery.
     */
    public ShardMessage(String channel, Object payload) {
        this(channel, payload, null);
    }

    /**
     * The same, kept in the channel's history or not, whatever the names of channels with recovery say. What is not kept is a plain
     * {@code SPUBLISH}: who does not get it live never gets it.
     */
    public ShardMessage withRecovery(boolean recovery) {
        return new ShardMessage(this.channel, this.payload, recovery);
    }
}
