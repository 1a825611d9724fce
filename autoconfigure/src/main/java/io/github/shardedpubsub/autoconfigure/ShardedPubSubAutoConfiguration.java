package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.PipeSettings;
import io.github.shardedpubsub.publisher.MessageConverterSerializer;
import io.github.shardedpubsub.publisher.PublisherSettings;
import io.github.shardedpubsub.publisher.ReactiveShardedPublisher;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.data.redis.config.RedisListenerConfigurer;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.serializer.JacksonJsonRedisSerializer;
import org.springframework.data.redis.serializer.RedisMessageConverters;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.messaging.converter.MessageConverter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Auto-configuration of sharded pub/sub on the application's own Lettuce connection to a Redis Cluster: subscriptions, listener
 * container and publisher. A connection that it cannot work with keeps the application from starting, with an analysis.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class)
@ConditionalOnClass({LettuceConnectionFactory.class, RedisClusterClient.class})
@EnableConfigurationProperties(ShardedPubSubProperties.class)
public final class ShardedPubSubAutoConfiguration {

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBooleanProperty(name = "sharded-pubsub.enabled", matchIfMissing = true)
    @ConditionalOnSingleCandidate(RedisConnectionFactory.class)
    static class EnabledConfiguration {

        @Bean
        @ConditionalOnMissingBean(ShardSubscriptions.class)
        LifecycleSubscriptions shardSubscriptions(
                RedisConnectionFactory connectionFactory, ShardedPubSubProperties properties) {
            SubscriptionSettings settings = settings(properties);
            Duration patience = properties.getSubscriptionTimeout();
            ClusterConnection connection = ClusterConnection.of(connectionFactory);
            return new LifecycleSubscriptions(
                    () -> {
                        connection.requireServer(patience);
                        return SlotFollowingSubscriptions.start(connection.client(), connection.access(), settings);
                    },
                    connection.phase() + 1);
        }

        private static SubscriptionSettings settings(ShardedPubSubProperties properties) {
            ShardedPubSubProperties.Resubscribe resubscribe = properties.getResubscribe();
            if (resubscribe.getMaxBackoff().compareTo(resubscribe.getInitialBackoff()) < 0) {
                throw new InvalidConfigurationPropertyValueException(
                        "sharded-pubsub.resubscribe.max-backoff",
                        resubscribe.getMaxBackoff(),
                        "It must not be shorter than 'sharded-pubsub.resubscribe.initial-backoff', which is "
                                + resubscribe.getInitialBackoff());
            }
            return new SubscriptionSettings(
                    new PipeSettings(properties.getFenceTimeout(), properties.getHeartbeat()),
                    resubscribe.getInitialBackoff(),
                    resubscribe.getMaxBackoff(),
                    resubscribe.getRefusedInterval(),
                    properties.getConnection().getIdleTimeout(),
                    properties.getConnection().isWarm(),
                    properties.getAuditInterval(),
                    properties.getHandover().toSettings(),
                    properties.getProbe().getInterval());
        }

        @Bean(name = ShardedRedisMessageListenerContainer.BEAN_NAME, defaultCandidate = false)
        @ConditionalOnMissingBean(name = ShardedRedisMessageListenerContainer.BEAN_NAME)
        ShardedRedisMessageListenerContainer shardedRedisMessageListenerContainer(
                ShardSubscriptions subscriptions,
                RedisConnectionFactory connectionFactory,
                ShardedPubSubProperties properties,
                Environment environment,
                ObjectProvider<ShardedListenerContainerCustomizer> customizers) {
            ShardedRedisMessageListenerContainer container = new ShardedRedisMessageListenerContainer(subscriptions);
            container.setConnectionFactory(connectionFactory);
            container.setMaxSubscriptionRegistrationWaitingTime(
                    properties.getSubscriptionTimeout().toMillis());
            ShardedPubSubProperties.Listener listener = properties.getListener();
            container.setAutoStartup(listener.isAutoStartup());
            container.setFailOnStartTimeout(listener.isFailOnStartTimeout());
            container.setQueueCapacity(listener.getQueueCapacity());
            container.setOverflowPolicy(listener.getOverflow());
            if (Threading.VIRTUAL.isActive(environment)) {
                container.setTaskExecutor(
                        new VirtualThreadTaskExecutor(ShardedRedisMessageListenerContainer.BEAN_NAME + "-"));
                container.setConcurrency(Integer.MAX_VALUE);
            }
            if (listener.getConcurrency() != null) {
                container.setConcurrency(listener.getConcurrency());
            }
            customizers.orderedStream().forEach(customizer -> customizer.customize(container));
            return container;
        }

        @Bean
        @ConditionalOnMissingBean
        ShardedPublisher shardedPublisher(
                RedisConnectionFactory connectionFactory,
                ObjectProvider<PayloadSerializer> payloadSerializer,
                ShardedPubSubProperties properties) {
            PayloadSerializer serializer = payloadSerializer.getIfAvailable();
            return new ShardedPublisher(
                    ClusterConnection.of(connectionFactory)::client,
                    serializer != null ? serializer.objects() : null,
                    new PublisherSettings(properties.getPublisher().getRetryTimeout()));
        }

        @Bean
        @ConditionalOnMissingBean
        @ConditionalOnSingleCandidate(ShardedPublisher.class)
        ReactiveShardedPublisher reactiveShardedPublisher(ShardedPublisher publisher) {
            return new ReactiveShardedPublisher(publisher);
        }

        @Bean
        @ConditionalOnSingleCandidate(ShardedPublisher.class)
        PublisherLifecycle shardedPublisherLifecycle(
                ShardedPublisher publisher, RedisConnectionFactory connectionFactory) {
            return new PublisherLifecycle(
                    publisher, ClusterConnection.of(connectionFactory).phase() + 1);
        }
    }

    /**
     * What writes objects, kept apart from the {@code RedisSerializer} beans that an application may have for other ends.
     *
     * @param objects a serializer of any object
     */
    record PayloadSerializer(RedisSerializer<Object> objects) {}

    /** Where there are annotated listeners, what is published is written by what they read it with. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBooleanProperty(name = "sharded-pubsub.enabled", matchIfMissing = true)
    @ConditionalOnClass(MessageConverter.class)
    static class MessagingConfiguration {

        @Bean
        @ConditionalOnMissingBean
        PayloadSerializer shardedPayloadSerializer(ObjectProvider<RedisListenerConfigurer> configurers) {
            return new PayloadSerializer(
                    new MessageConverterSerializer(RedisMessageConverters.createMessageConverter(builder -> configurers
                            .orderedStream()
                            .forEach(configurer -> configurer.configureMessageConverters(builder)))));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBooleanProperty(name = "sharded-pubsub.enabled", matchIfMissing = true)
    @ConditionalOnClass(JsonMapper.class)
    @ConditionalOnMissingClass("org.springframework.messaging.converter.MessageConverter")
    static class JacksonConfiguration {

        @Bean
        @ConditionalOnMissingBean
        PayloadSerializer shardedPayloadSerializer(ObjectProvider<JsonMapper> jsonMapper) {
            @Nullable JsonMapper mapper = jsonMapper.getIfUnique();
            return new PayloadSerializer(new JacksonJsonRedisSerializer<>(
                    mapper != null
                            ? mapper
                            : JsonMapper.builder().findAndAddModules().build(),
                    Object.class));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBooleanProperty(name = "sharded-pubsub.enabled", havingValue = false)
    static class DisabledConfiguration {

        @Bean(name = ShardedRedisMessageListenerContainer.BEAN_NAME, defaultCandidate = false)
        @ConditionalOnMissingBean(name = ShardedRedisMessageListenerContainer.BEAN_NAME)
        RedisMessageListenerContainer silentListenerContainer() {
            return new SilentListenerContainer();
        }
    }
}
