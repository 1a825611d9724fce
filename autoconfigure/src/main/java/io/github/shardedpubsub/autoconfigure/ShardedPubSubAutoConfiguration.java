package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.DeliveryInterceptor;
import io.github.shardedpubsub.listener.ListenerConverters;
import io.github.shardedpubsub.listener.ShardEventPublisher;
import io.github.shardedpubsub.listener.ShardMessageDelivery;
import io.github.shardedpubsub.listener.ShardedRedisListenerAnnotationBeanPostProcessor;
import io.github.shardedpubsub.listener.ShardedRedisListenerRegistry;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.publisher.MessageConverterSerializer;
import io.github.shardedpubsub.publisher.PublishInterceptor;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardPositionStore;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.thread.Threading;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.serializer.JacksonJsonRedisSerializer;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.messaging.Message;
import org.springframework.messaging.converter.MessageConverter;
import org.springframework.util.ErrorHandler;
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
        @ConditionalOnMissingBean
        ShardedPubSubConfigurer shardedPubSubConfigurer(
                ShardedPubSubProperties properties,
                Environment environment,
                BeanFactory beanFactory,
                ObjectProvider<ErrorHandler> errorHandlers,
                ObjectProvider<PayloadSerializer> payloadSerializer,
                ObjectProvider<PublishInterceptor> publishInterceptor,
                ObjectProvider<DeliveryInterceptor> deliveryInterceptor) {
            PayloadSerializer serializer = payloadSerializer.getIfAvailable();
            return new ShardedPubSubConfigurer(
                    properties,
                    Threading.VIRTUAL.isActive(environment),
                    beanFactory,
                    errorHandlers,
                    serializer != null ? serializer.objects() : null,
                    publishInterceptor,
                    deliveryInterceptor);
        }

        @Bean
        @ConditionalOnMissingBean(ShardSubscriptions.class)
        LifecycleSubscriptions shardSubscriptions(
                ShardedPubSubConfigurer configurer, RedisConnectionFactory connectionFactory) {
            return configurer.lifecycleSubscriptions(connectionFactory);
        }

        @Bean
        @ConditionalOnBean(DataRedisConnectionDetails.class)
        CurrentSslBundle shardedPubSubCurrentSslBundle(
                DataRedisConnectionDetails details,
                ObjectProvider<SslBundles> bundles,
                @Value("${spring.data.redis.ssl.bundle:}") String name) {
            CurrentSslBundle current = new CurrentSslBundle(details);
            bundles.ifAvailable(available -> current.logReloads(available, name));
            return current;
        }

        @Bean
        @ConditionalOnMissingBean
        ShardHistory shardHistory(ShardedPubSubConfigurer configurer) {
            return configurer.history();
        }

        @Bean
        @ConditionalOnMissingBean
        ShardPositionStore shardPositionStore(
                ShardedPubSubConfigurer configurer, RedisConnectionFactory connectionFactory) {
            return configurer.positions(connectionFactory);
        }

        @Bean
        @ConditionalOnMissingBean
        @ConditionalOnSingleCandidate(ShardSubscriptions.class)
        ShardRecovery shardRecovery(
                ShardedPubSubConfigurer configurer,
                RedisConnectionFactory connectionFactory,
                ShardSubscriptions subscriptions,
                ShardPositionStore positions) {
            return configurer.recovery(connectionFactory, subscriptions, positions);
        }

        @Bean(name = ShardedRedisMessageListenerContainer.BEAN_NAME, defaultCandidate = false)
        @ConditionalOnMissingBean(name = ShardedRedisMessageListenerContainer.BEAN_NAME)
        ShardedRedisMessageListenerContainer shardedRedisMessageListenerContainer(
                ShardedPubSubConfigurer configurer,
                RedisConnectionFactory connectionFactory,
                ShardSubscriptions subscriptions,
                ObjectProvider<ShardRecovery> recovery,
                ObjectProvider<ShardedListenerContainerCustomizer> customizers) {
            ShardedRedisMessageListenerContainer container = configurer.container(connectionFactory, subscriptions);
            recovery.ifAvailable(container::setRecovery);
            customizers.orderedStream().forEach(customizer -> customizer.customize(container));
            return container;
        }

        @Bean
        @ConditionalOnMissingBean
        ShardEventPublisher shardEventPublisher(
                ObjectProvider<ShardSubscriptions> subscriptions,
                ObjectProvider<ShardMessageDelivery> deliveries,
                ObjectProvider<ShardRecovery> recoveries,
                ApplicationEventPublisher events) {
            ShardEventPublisher publisher =
                    new ShardEventPublisher(events, Clock.systemUTC(), ShardEventPublisher.DEFAULT_CAPACITY);
            // what is no default candidate for injection, as the container and all of a second cluster, is meant
            // nevertheless
            subscriptions.stream(ObjectProvider.UNFILTERED, false).forEach(each -> each.addObserver(publisher));
            deliveries.stream(ObjectProvider.UNFILTERED, false).forEach(each -> each.addDeliveryObserver(publisher));
            recoveries.stream(ObjectProvider.UNFILTERED, false).forEach(each -> each.addObserver(publisher));
            return publisher;
        }

        /** Nobody asks for what only listens. */
        @Bean
        static LazyInitializationExcludeFilter shardEventPublisherIsNotLazy() {
            return LazyInitializationExcludeFilter.forBeanTypes(ShardEventPublisher.class);
        }

        @Bean
        @ConditionalOnMissingBean
        ShardedRedisListenerRegistry shardedRedisListenerRegistry() {
            return new ShardedRedisListenerRegistry();
        }

        @Bean
        @ConditionalOnMissingBean
        ShardedPublisher shardedPublisher(
                ShardedPubSubConfigurer configurer,
                RedisConnectionFactory connectionFactory,
                ObjectProvider<ShardHistory> history) {
            ShardedPublisher publisher = configurer.publisher(connectionFactory);
            history.ifAvailable(publisher::setHistory);
            return publisher;
        }

        @Bean
        @ConditionalOnMissingBean
        @ConditionalOnSingleCandidate(ShardedPublisher.class)
        PublisherLifecycle shardedPublisherLifecycle(
                ShardedPublisher publisher, RedisConnectionFactory connectionFactory) {
            return new PublisherLifecycle(
                    publisher, ClusterConnection.of(connectionFactory).phase() + 1);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBooleanProperty(name = "sharded-pubsub.enabled", matchIfMissing = true)
    @ConditionalOnClass(Message.class)
    @ConditionalOnSingleCandidate(RedisConnectionFactory.class)
    static class AnnotationConfiguration {

        /** It looks at the beans of its own context alone, so that each has one. */
        @Bean
        @ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
        static ShardedRedisListenerAnnotationBeanPostProcessor shardedRedisListenerAnnotationBeanPostProcessor() {
            return new ShardedRedisListenerAnnotationBeanPostProcessor();
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
        PayloadSerializer shardedPayloadSerializer(BeanFactory beanFactory) {
            return new PayloadSerializer(new MessageConverterSerializer(ListenerConverters.of(beanFactory)));
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
