package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.publisher.ReactiveShardedPublisher;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;
import reactor.core.publisher.Flux;

/**
 * Auto-configuration of the reactive twins of listener container and publisher.
 */
@AutoConfiguration(after = ShardedPubSubAutoConfiguration.class)
@ConditionalOnClass(Flux.class)
@ConditionalOnBean(ShardedPubSubConfigurer.class)
public final class ShardedPubSubReactiveAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSingleCandidate(ShardSubscriptions.class)
    ReactiveShardedRedisMessageListenerContainer reactiveShardedRedisMessageListenerContainer(
            ShardedPubSubConfigurer configurer,
            ShardSubscriptions subscriptions,
            ObjectProvider<ShardRecovery> recovery) {
        ReactiveShardedRedisMessageListenerContainer container = configurer.reactiveContainer(subscriptions);
        recovery.ifAvailable(container::setRecovery);
        return container;
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSingleCandidate(ShardedPublisher.class)
    ReactiveShardedPublisher reactiveShardedPublisher(ShardedPublisher publisher) {
        return new ReactiveShardedPublisher(publisher);
    }
}
