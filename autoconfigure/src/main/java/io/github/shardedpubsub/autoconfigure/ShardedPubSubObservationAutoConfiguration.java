package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.DeliveryInterceptor;
import io.github.shardedpubsub.observation.HeaderEnvelope;
import io.github.shardedpubsub.observation.ObservedDelivery;
import io.github.shardedpubsub.observation.ObservedPublishing;
import io.github.shardedpubsub.observation.PayloadEnvelope;
import io.github.shardedpubsub.observation.ShardProcessObservationConvention;
import io.github.shardedpubsub.observation.ShardPublishObservationConvention;
import io.github.shardedpubsub.observation.TracePropagation;
import io.github.shardedpubsub.publisher.PublishInterceptor;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/**
 * Auto-configuration of observations around publishing and listeners' calls. Off unless a property switches it on: then nothing is around
 * them at all.
 */
@AutoConfiguration
@ConditionalOnClass(ObservationRegistry.class)
@ConditionalOnBooleanProperty(name = "sharded-pubsub.enabled", matchIfMissing = true)
@Conditional(ShardedPubSubObservationAutoConfiguration.SwitchedOn.class)
@EnableConfigurationProperties(ShardedPubSubProperties.class)
public final class ShardedPubSubObservationAutoConfiguration {

    private final ObservationRegistry registry;

    private final TracePropagation propagation;

    private final PayloadEnvelope envelope;

    ShardedPubSubObservationAutoConfiguration(
            ShardedPubSubProperties properties,
            ObjectProvider<ObservationRegistry> registry,
            ObjectProvider<PayloadEnvelope> envelope) {
        ShardedPubSubProperties.Observation observation = properties.getObservation();
        this.registry = observation.isEnabled()
                ? registry.getIfUnique(() -> ObservationRegistry.NOOP)
                : ObservationRegistry.NOOP;
        this.propagation = observation.getPropagation();
        this.envelope = envelope.getIfUnique(HeaderEnvelope::new);
    }

    @Bean
    @ConditionalOnMissingBean(PublishInterceptor.class)
    ObservedPublishing shardedPubSubObservedPublishing(ObjectProvider<ShardPublishObservationConvention> convention) {
        @Nullable PayloadEnvelope sending = this.propagation == TracePropagation.SEND ? this.envelope : null;
        return new ObservedPublishing(this.registry, convention.getIfUnique(), sending);
    }

    @Bean
    @ConditionalOnMissingBean(DeliveryInterceptor.class)
    ObservedDelivery shardedPubSubObservedDelivery(ObjectProvider<ShardProcessObservationConvention> convention) {
        @Nullable PayloadEnvelope accepting = this.propagation != TracePropagation.NONE ? this.envelope : null;
        return new ObservedDelivery(this.registry, convention.getIfUnique(), accepting);
    }

    static final class SwitchedOn extends AnyNestedCondition {

        SwitchedOn() {
            super(ConfigurationPhase.PARSE_CONFIGURATION);
        }

        @ConditionalOnBooleanProperty("sharded-pubsub.observation.enabled")
        static final class Observing {}

        @ConditionalOnProperty(name = "sharded-pubsub.observation.propagation", havingValue = "accept")
        static final class Accepting {}

        @ConditionalOnProperty(name = "sharded-pubsub.observation.propagation", havingValue = "send")
        static final class Sending {}
    }
}
