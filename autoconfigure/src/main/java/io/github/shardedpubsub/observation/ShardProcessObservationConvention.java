package io.github.shardedpubsub.observation;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/**
 * Name and keys of the observation of a call of a listener. A bean of this type takes the place of
 * {@link DefaultShardProcessObservationConvention}.
 */
public interface ShardProcessObservationConvention extends ObservationConvention<ShardProcessObservationContext> {

    @Override
    default boolean supportsContext(Observation.Context context) {
        return context instanceof ShardProcessObservationContext;
    }

    @Override
    default String getName() {
        return "sharded.pubsub.process";
    }
}
