package io.github.shardedpubsub.publisher;

/**
 * A message for a shard channel.
 *
 * @param channel the exact name
 * @param payload a {@code String}, a {@code byte[]} or any other object, as {@link ShardedPublisher} takes them
 */
public record ShardMessage(String channel, Object payload) {}
