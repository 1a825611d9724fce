package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.PipeSettings;
import io.github.shardedpubsub.publisher.PublisherSettings;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.serializer.RedisSerializer;

/**
 * Makes what there is for one connection factory, as the properties under {@code sharded-pubsub} say: for the application's own, and
 * for any other that it has. What it returns are to be beans, so that they start after the connection factory and stop before it.
 */
public final class ShardedPubSubConfigurer {

    private final ShardedPubSubProperties properties;

    private final boolean virtualThreads;

    private final @Nullable RedisSerializer<Object> payloadSerializer;

    ShardedPubSubConfigurer(
            ShardedPubSubProperties properties,
            boolean virtualThreads,
            @Nullable RedisSerializer<Object> payloadSerializer) {
        this.properties = properties;
        this.virtualThreads = virtualThreads;
        this.payloadSerializer = payloadSerializer;
    }

    /**
     * Creates subscriptions, not started.
     *
     * @throws UnsupportedRedisException if it is not a Lettuce connection to a cluster by RESP3; what the server lacks shows at the start
     */
    public ShardSubscriptions subscriptions(RedisConnectionFactory connectionFactory) {
        return lifecycleSubscriptions(connectionFactory);
    }

    LifecycleSubscriptions lifecycleSubscriptions(RedisConnectionFactory connectionFactory) {
        SubscriptionSettings settings = settings();
        Duration patience = this.properties.getSubscriptionTimeout();
        ClusterConnection connection = ClusterConnection.of(connectionFactory);
        return new LifecycleSubscriptions(
                () -> {
                    connection.requireServer(patience);
                    return SlotFollowingSubscriptions.start(connection.client(), connection.access(), settings);
                },
                connection.phase() + 1);
    }

    private SubscriptionSettings settings() {
        ShardedPubSubProperties.Resubscribe resubscribe = this.properties.getResubscribe();
        if (resubscribe.getMaxBackoff().compareTo(resubscribe.getInitialBackoff()) < 0) {
            throw new InvalidConfigurationPropertyValueException(
                    "sharded-pubsub.resubscribe.max-backoff",
                    resubscribe.getMaxBackoff(),
                    "It must not be shorter than 'sharded-pubsub.resubscribe.initial-backoff', which is "
                            + resubscribe.getInitialBackoff());
        }
        return new SubscriptionSettings(
                new PipeSettings(this.properties.getFenceTimeout(), this.properties.getHeartbeat()),
                resubscribe.getInitialBackoff(),
                resubscribe.getMaxBackoff(),
                resubscribe.getRefusedInterval(),
                this.properties.getConnection().getIdleTimeout(),
                this.properties.getConnection().isWarm(),
                this.properties.getAuditInterval(),
                this.properties.getHandover().toSettings(),
                this.properties.getProbe().getInterval());
    }

    /**
     * Creates a listener container, to be changed as needed before it is initialized.
     *
     * @param subscriptions those of the same connection factory
     */
    public ShardedRedisMessageListenerContainer container(
            RedisConnectionFactory connectionFactory, ShardSubscriptions subscriptions) {
        ShardedRedisMessageListenerContainer container = new ShardedRedisMessageListenerContainer(subscriptions);
        container.setConnectionFactory(connectionFactory);
        container.setMaxSubscriptionRegistrationWaitingTime(
                this.properties.getSubscriptionTimeout().toMillis());
        ShardedPubSubProperties.Listener listener = this.properties.getListener();
        container.setAutoStartup(listener.isAutoStartup());
        container.setFailOnStartTimeout(listener.isFailOnStartTimeout());
        container.setQueueCapacity(listener.getQueueCapacity());
        container.setOverflowPolicy(listener.getOverflow());
        if (this.virtualThreads) {
            container.setTaskExecutor(
                    new VirtualThreadTaskExecutor(ShardedRedisMessageListenerContainer.BEAN_NAME + "-"));
            container.setConcurrency(Integer.MAX_VALUE);
        }
        if (listener.getConcurrency() != null) {
            container.setConcurrency(listener.getConcurrency());
        }
        return container;
    }

    /**
     * Creates a publisher, not connected.
     *
     * @throws UnsupportedRedisException if it is not a Lettuce connection to a cluster by RESP3
     */
    public ShardedPublisher publisher(RedisConnectionFactory connectionFactory) {
        return new ShardedPublisher(
                ClusterConnection.of(connectionFactory)::client,
                this.payloadSerializer,
                new PublisherSettings(this.properties.getPublisher().getRetryTimeout()));
    }
}
