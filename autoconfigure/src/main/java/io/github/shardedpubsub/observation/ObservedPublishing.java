package io.github.shardedpubsub.observation;

import io.github.shardedpubsub.publisher.PublishInterceptor;
import io.github.shardedpubsub.publisher.PublishOutcome;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Observes what is published, each message by itself: it has a channel, an outcome and listeners of its own, also in a batch. Its parent
 * is the observation in the context of the subscriber who publishes, or the current one of the thread.
 *
 * <p>Where the registry does nothing and nothing is to be put into an envelope, a message costs two comparisons and allocates nothing.
 */
public final class ObservedPublishing implements PublishInterceptor {

    /** Where Micrometer keeps an observation in a Reactor context. */
    static final String PARENT = "micrometer.observation";

    private static final ShardPublishObservationConvention DEFAULT = new DefaultShardPublishObservationConvention();

    private final ObservationRegistry registry;

    private final @Nullable ShardPublishObservationConvention convention;

    private final @Nullable PayloadEnvelope envelope;

    /**
     * Creates it for any number of publishers.
     *
     * @param convention null for those that are set in the registry, and else {@link DefaultShardPublishObservationConvention}
     * @param envelope takes a trace along with each message, null for not at all
     */
    public ObservedPublishing(
            ObservationRegistry registry,
            @Nullable ShardPublishObservationConvention convention,
            @Nullable PayloadEnvelope envelope) {
        this.registry = registry;
        this.convention = convention;
        this.envelope = envelope;
    }

    @Override
    public @Nullable Publishing begin(String channel, byte[] payload, @Nullable ContextView caller) {
        PayloadEnvelope envelope = this.envelope;
        if (this.registry.isNoop()) {
            return envelope != null ? new Wrapped(envelope.wrap(channel, Map.of(), payload)) : null;
        }
        ShardPublishObservationContext context = new ShardPublishObservationContext(channel);
        Observation observation =
                ShardedPubSubObservation.PUBLISH.observation(this.convention, DEFAULT, () -> context, this.registry);
        Observation parent = caller != null ? caller.<@Nullable Observation>getOrDefault(PARENT, null) : null;
        if (parent != null) {
            observation.parentObservation(parent);
        }
        observation.start();
        if (envelope == null) {
            return new Observed(observation, context, payload);
        }
        try {
            return new Observed(observation, context, envelope.wrap(channel, headers(context), payload));
        } catch (RuntimeException ex) {
            new Observed(observation, context, payload).end(PublishOutcome.REFUSED, 0, ex);
            throw ex;
        }
    }

    private static Map<String, String> headers(ShardPublishObservationContext context) {
        Map<String, String> headers = context.getCarrier();
        return headers != null ? headers : Map.of();
    }

    private record Wrapped(byte[] payload) implements Publishing {

        @Override
        public void end(PublishOutcome outcome, long receivers, @Nullable Throwable failure) {}
    }

    private record Observed(Observation observation, ShardPublishObservationContext context, byte[] payload)
            implements Publishing {

        @Override
        public void end(PublishOutcome outcome, long receivers, @Nullable Throwable failure) {
            this.context.ended(outcome, receivers);
            if (failure != null) {
                this.observation.error(failure);
            }
            this.observation.stop();
        }
    }
}
