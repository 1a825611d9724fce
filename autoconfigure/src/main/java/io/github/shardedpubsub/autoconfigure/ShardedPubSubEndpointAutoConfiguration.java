package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpointJmxExtension;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpointWebExtension;
import io.github.shardedpubsub.listener.ShardedRedisListenerRegistry;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the actuator endpoint {@code shardedpubsub}.
 */
@AutoConfiguration(after = ShardedPubSubAutoConfiguration.class)
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
@ConditionalOnSingleCandidate(ShardSubscriptions.class)
@ConditionalOnAvailableEndpoint(ShardedPubSubEndpoint.class)
public final class ShardedPubSubEndpointAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    ShardedPubSubEndpoint shardedPubSubEndpoint(
            ShardSubscriptions subscriptions,
            ObjectProvider<PubSubFence> fence,
            ObjectProvider<ShardedRedisListenerRegistry> listeners,
            ObjectProvider<ShardRecovery> recovery,
            ObjectProvider<ShardHistory> history) {
        return new ShardedPubSubEndpoint(
                subscriptions,
                fence.getIfAvailable(),
                listeners.getIfAvailable(ShardedRedisListenerRegistry::new),
                recovery.getIfAvailable(),
                history.getIfAvailable());
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSingleCandidate(ShardedPubSubEndpoint.class)
    @ConditionalOnAvailableEndpoint(exposure = EndpointExposure.WEB)
    ShardedPubSubEndpointWebExtension shardedPubSubEndpointWebExtension(ShardedPubSubEndpoint endpoint) {
        return new ShardedPubSubEndpointWebExtension(endpoint);
    }

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnSingleCandidate(ShardedPubSubEndpoint.class)
    @ConditionalOnAvailableEndpoint(exposure = EndpointExposure.JMX)
    ShardedPubSubEndpointJmxExtension shardedPubSubEndpointJmxExtension(ShardedPubSubEndpoint endpoint) {
        return new ShardedPubSubEndpointJmxExtension(endpoint);
    }
}
