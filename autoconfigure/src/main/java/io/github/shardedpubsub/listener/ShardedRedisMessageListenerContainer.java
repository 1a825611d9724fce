package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.subscription.ShardSubscriptions;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;

/**
 * The message listener container for shard channels.
 */
public class ShardedRedisMessageListenerContainer extends RedisMessageListenerContainer {

    /** The name of the container's bean, as {@link ShardedRedisListener} refers to it. */
    public static final String BEAN_NAME = "shardedRedisMessageListenerContainer";

    private final ShardSubscriptions subscriptions;

    public ShardedRedisMessageListenerContainer(ShardSubscriptions subscriptions) {
        this.subscriptions = subscriptions;
    }

    /**
     * Registers an observer for every message from now on.
     */
    public void addDeliveryObserver(DeliveryObserver observer) {
        throw new UnsupportedOperationException(observer + " " + this.subscriptions);
    }

    /**
     * How many messages wait to be delivered now.
     */
    public int queueSize() {
        return 0;
    }

    /**
     * How many messages can wait at most.
     */
    public int queueCapacity() {
        return 0;
    }
}
