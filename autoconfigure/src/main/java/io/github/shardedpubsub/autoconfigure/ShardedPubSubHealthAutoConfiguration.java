package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the health indicator {@code shardedPubSub}.
 */
@AutoConfiguration(after = ShardedPubSubAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnSingleCandidate(ShardSubscriptions.class)
@ConditionalOnEnabledHealthIndicator("shardedpubsub")
@EnableConfigurationProperties(ShardedPubSubProperties.class)
public final class ShardedPubSubHealthAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean(name = {"shardedPubSubHealthIndicator", "shardedPubSubHealthContributor"})
    ShardedPubSubHealthIndicator shardedPubSubHealthIndicator(
            ShardSubscriptions subscriptions,
            ShardedPubSubProperties properties,
            ObjectProvider<PubSubFence> fence,
            ObjectProvider<ShardRecovery> recovery) {
        return new ShardedPubSubHealthIndicator(
                subscriptions,
                properties.getHealth().getPatience(),
                properties.getHealth().getToleratedChannels(),
                fence.getIfAvailable(),
                recovery.getIfAvailable());
    }
}
