package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.actuate.DeliveryMetrics;
import io.github.shardedpubsub.actuate.LettuceFenceMetrics;
import io.github.shardedpubsub.actuate.PublisherMetrics;
import io.github.shardedpubsub.actuate.RecoveryMetrics;
import io.github.shardedpubsub.actuate.ShardEventMetrics;
import io.github.shardedpubsub.actuate.ShardSubscriptionMetrics;
import io.github.shardedpubsub.listener.ShardEventPublisher;
import io.github.shardedpubsub.listener.ShardMessageDelivery;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the meters. Spring Boot binds them before the listener container starts, so that they count from its first
 * channel on.
 */
@AutoConfiguration(
        after = {
            ShardedPubSubAutoConfiguration.class,
            ShardedPubSubLettuceAutoConfiguration.class,
            MetricsAutoConfiguration.class,
            CompositeMeterRegistryAutoConfiguration.class
        })
@ConditionalOnClass({MeterRegistry.class, MetricsAutoConfiguration.class})
@ConditionalOnBean(MeterRegistry.class)
public final class ShardedPubSubMetricsAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSingleCandidate(PubSubFence.class)
    LettuceFenceMetrics lettuceFenceMetrics(PubSubFence fence) {
        return new LettuceFenceMetrics(fence);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSingleCandidate(ShardSubscriptions.class)
    ShardSubscriptionMetrics shardSubscriptionMetrics(ShardSubscriptions subscriptions) {
        return new ShardSubscriptionMetrics(subscriptions);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSingleCandidate(ShardEventPublisher.class)
    ShardEventMetrics shardEventMetrics(ShardEventPublisher publisher) {
        return new ShardEventMetrics(publisher);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSingleCandidate(ShardSubscriptions.class)
    DeliveryMetrics shardedPubSubDeliveryMetrics(ObjectProvider<ShardMessageDelivery> deliveries) {
        // the container is no default candidate for injection, and is meant nevertheless
        return new DeliveryMetrics(
                deliveries.stream(ObjectProvider.UNFILTERED, false).toList());
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(ShardedPublisher.class)
    PublisherMetrics shardedPublisherMetrics(ObjectProvider<ShardedPublisher> publishers) {
        return new PublisherMetrics(
                publishers.stream(ObjectProvider.UNFILTERED, false).toList());
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnBean(ShardRecovery.class)
    RecoveryMetrics shardRecoveryMetrics(
            ObjectProvider<ShardRecovery> recoveries, ObjectProvider<ShardHistory> histories) {
        return new RecoveryMetrics(
                recoveries.stream(ObjectProvider.UNFILTERED, false).toList(),
                histories.stream(ObjectProvider.UNFILTERED, false).toList());
    }
}
