package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;

/**
 * Changes the auto-configured listener container before it is initialized: its task executor, its error handler, its phase. Beans
 * of this type are called in their order, after the properties have been applied.
 */
@FunctionalInterface
public interface ShardedListenerContainerCustomizer {

    /**
     * Customizes the container.
     */
    void customize(ShardedRedisMessageListenerContainer container);
}
