package io.github.shardedpubsub.observation;

import io.github.shardedpubsub.listener.DeliveryInterceptor;
import io.github.shardedpubsub.pipe.ChannelName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;

/**
 * Observes the calls of listeners, and takes what comes in envelopes out of them. An observation is the current one of the thread until
 * the error handler has done; its parent came with the message, or there is none.
 *
 * <p>Where the registry does nothing and there is no envelope, a call costs two comparisons and allocates nothing.
 */
public final class ObservedDelivery implements DeliveryInterceptor {

    private static final ShardProcessObservationConvention DEFAULT = new DefaultShardProcessObservationConvention();

    private final ObservationRegistry registry;

    private final @Nullable ShardProcessObservationConvention convention;

    private final @Nullable PayloadEnvelope envelope;

    /**
     * Creates it for any number of containers.
     *
     * @param convention null for those that are set in the registry, and else {@link DefaultShardProcessObservationConvention}
     * @param envelope null where every payload is given to listeners as it comes
     */
    public ObservedDelivery(
            ObservationRegistry registry,
            @Nullable ShardProcessObservationConvention convention,
            @Nullable PayloadEnvelope envelope) {
        this.registry = registry;
        this.convention = convention;
        this.envelope = envelope;
    }

    @Override
    public @Nullable Delivery begin(ChannelName channel, @Nullable String listener, byte[] payload) {
        PayloadEnvelope.Content content =
                this.envelope != null ? this.envelope.unwrap(channel.toString(), payload) : null;
        if (this.registry.isNoop()) {
            return content != null ? new Unwrapped(content.payload()) : null;
        }
        Map<String, String> headers = content != null ? content.headers() : Map.of();
        Observation observation = ShardedPubSubObservation.PROCESS.start(
                this.convention,
                DEFAULT,
                () -> new ShardProcessObservationContext(channel.toString(), listener, headers),
                this.registry);
        return new Observed(observation, observation.openScope(), content != null ? content.payload() : payload);
    }

    private record Unwrapped(byte[] payload) implements Delivery {

        @Override
        public void failed(Throwable failure) {}

        @Override
        public void end() {}
    }

    private record Observed(Observation observation, Observation.Scope scope, byte[] payload) implements Delivery {

        @Override
        public void failed(Throwable failure) {
            // what the method threw says more than what is around all that methods throw
            Throwable cause = failure instanceof RedisListenerExecutionFailedException ? failure.getCause() : null;
            this.observation.error(cause != null ? cause : failure);
        }

        @Override
        public void end() {
            this.scope.close();
            this.observation.stop();
        }
    }
}
