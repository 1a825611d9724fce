package io.github.shardedpubsub.autoconfigure;

import org.springframework.data.redis.listener.RedisMessageListenerContainer;

/**
 * Takes the container's place when sharded pub/sub is switched off: listeners of Spring Data's own annotation find the
 * container that they name, are registered with it, and are never called.
 */
final class SilentListenerContainer extends RedisMessageListenerContainer {

    @Override
    public void afterPropertiesSet() {
        // Needs no connection factory, since it never connects.
    }

    @Override
    public void start() {
        // Classic pub/sub, which the superclass would start, is not what the listeners are for.
    }
}
