package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.DeliveryInterceptor;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.PipeSettings;
import io.github.shardedpubsub.publisher.PublishInterceptor;
import io.github.shardedpubsub.publisher.PublisherSettings;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.MemoryPositionStore;
import io.github.shardedpubsub.recovery.RedisPositionStore;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardPositionStore;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ResubscribeMode;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.task.TaskExecutor;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.util.ErrorHandler;

/**
 * Makes what there is for one connection factory, as the properties under {@code sharded-pubsub} say: for the application's own, and
 * for any other that it has. What it returns are to be beans, so that they start after the connection factory and stop before it.
 */
public final class ShardedPubSubConfigurer {

    private static final Duration SHORTEST_POSITION_EXPIRY = Duration.ofDays(2);

    private final ShardedPubSubProperties properties;

    private final boolean virtualThreads;

    private final BeanFactory beanFactory;

    private final ObjectProvider<ErrorHandler> errorHandlers;

    private final @Nullable RedisSerializer<Object> payloadSerializer;

    private final ObjectProvider<PublishInterceptor> publishInterceptor;

    private final ObjectProvider<DeliveryInterceptor> deliveryInterceptor;

    ShardedPubSubConfigurer(
            ShardedPubSubProperties properties,
            boolean virtualThreads,
            BeanFactory beanFactory,
            ObjectProvider<ErrorHandler> errorHandlers,
            @Nullable RedisSerializer<Object> payloadSerializer,
            ObjectProvider<PublishInterceptor> publishInterceptor,
            ObjectProvider<DeliveryInterceptor> deliveryInterceptor) {
        this.properties = properties;
        this.virtualThreads = virtualThreads;
        this.beanFactory = beanFactory;
        this.errorHandlers = errorHandlers;
        this.payloadSerializer = payloadSerializer;
        this.publishInterceptor = publishInterceptor;
        this.deliveryInterceptor = deliveryInterceptor;
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
                        this.properties.getProbe().getInterval(),
                        ResubscribeMode.FOLLOW)
                .withResubscribe(resubscribe.getMode());
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
        container.setShutdownTimeout(listener.getShutdownTimeout().toMillis());
        ErrorHandler errorHandler = listener.getErrorHandler() != null
                ? this.beanFactory.getBean(listener.getErrorHandler(), ErrorHandler.class)
                : this.errorHandlers.getIfUnique();
        if (errorHandler != null) {
            container.setErrorHandler(errorHandler);
        }
        this.deliveryInterceptor.ifUnique(container::setDeliveryInterceptor);
        applyThreads(
                ShardedRedisMessageListenerContainer.BEAN_NAME, container::setTaskExecutor, container::setConcurrency);
        return container;
    }

    /**
     * Creates a reactive listener container, to be changed as needed before anybody subscribes. The properties are those of listeners.
     */
    public ReactiveShardedRedisMessageListenerContainer reactiveContainer(ShardSubscriptions subscriptions) {
        ReactiveShardedRedisMessageListenerContainer container =
                new ReactiveShardedRedisMessageListenerContainer(subscriptions);
        ShardedPubSubProperties.Listener listener = this.properties.getListener();
        container.setAutoStartup(listener.isAutoStartup());
        container.setQueueCapacity(listener.getQueueCapacity());
        container.setOverflowPolicy(listener.getOverflow());
        container.setShutdownTimeout(listener.getShutdownTimeout().toMillis());
        this.deliveryInterceptor.ifUnique(container::setDeliveryInterceptor);
        applyThreads("reactive-sharded-redis", container::setTaskExecutor, container::setConcurrency);
        return container;
    }

    private void applyThreads(String name, Consumer<Executor> taskExecutor, IntConsumer concurrency) {
        ShardedPubSubProperties.Listener listener = this.properties.getListener();
        if (listener.getTaskExecutor() != null) {
            taskExecutor.accept(this.beanFactory.getBean(listener.getTaskExecutor(), TaskExecutor.class));
        } else if (this.virtualThreads) {
            taskExecutor.accept(new VirtualThreadTaskExecutor(name + "-"));
            concurrency.accept(Integer.MAX_VALUE);
        }
        if (listener.getConcurrency() != null) {
            concurrency.accept(listener.getConcurrency());
        }
    }

    /**
     * Creates a publisher, not connected.
     *
     * @throws UnsupportedRedisException if it is not a Lettuce connection to a cluster by RESP3
     */
    public ShardedPublisher publisher(RedisConnectionFactory connectionFactory) {
        ShardedPublisher publisher = new ShardedPublisher(
                ClusterConnection.of(connectionFactory)::client,
                this.payloadSerializer,
                new PublisherSettings(this.properties.getPublisher().getRetryTimeout()));
        this.publishInterceptor.ifUnique(publisher::setInterceptor);
        return publisher;
    }

    /**
     * Creates what keeps histories for publishers, to be {@linkplain ShardedPublisher#setHistory set there}.
     */
    public ShardHistory history() {
        ShardedPubSubProperties.Recovery recovery = this.properties.getRecovery();
        return new ShardHistory(recovery.toSettings(), recovery.getEnvelope());
    }

    /**
     * Creates what keeps how far listeners are, for {@link #recovery(RedisConnectionFactory, ShardSubscriptions, ShardPositionStore)}.
     */
    public ShardPositionStore positions(RedisConnectionFactory connectionFactory) {
        ShardedPubSubProperties.Recovery recovery = this.properties.getRecovery();
        Duration expiry = recovery.getPositionExpiry();
        if (expiry.compareTo(SHORTEST_POSITION_EXPIRY) < 0) {
            throw new InvalidConfigurationPropertyValueException(
                    "sharded-pubsub.recovery.position-expiry",
                    expiry,
                    "It has to be two days or longer, since the positions of listeners that are there are saved anew once a day");
        }
        return switch (recovery.getPositions()) {
            case MEMORY -> new MemoryPositionStore(expiry);
            case REDIS ->
                new RedisPositionStore(
                        () -> ClusterConnection.of(connectionFactory).client(), expiry);
        };
    }

    /**
     * Creates what reads histories for listeners, not connected, to be {@linkplain ShardedRedisMessageListenerContainer#setRecovery set} in
     * the containers.
     *
     * @param subscriptions those of the same connection factory, and of the containers
     * @param positions keeps how far listeners are; it is not closed from here
     */
    public ShardRecovery recovery(
            RedisConnectionFactory connectionFactory, ShardSubscriptions subscriptions, ShardPositionStore positions) {
        ShardedPubSubProperties.Recovery recovery = this.properties.getRecovery();
        return new ShardRecovery(
                () -> ClusterConnection.of(connectionFactory).client(),
                subscriptions,
                recovery.toSettings(),
                positions,
                recovery.getPositionInterval());
    }
}
