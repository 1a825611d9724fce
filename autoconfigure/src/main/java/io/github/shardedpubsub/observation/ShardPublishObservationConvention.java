package io.github.shardedpubsub.observation;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/**
 * Name and keys of the observation of a message that is published. A bean of this type takes the place of
 * {@link DefaultShardPublishObservationConvention}.
 */
public interface ShardPublishObservationConvention extends ObservationConvention<ShardPublishObservationContext> {

    @Override
    default boolean supportsContext(Observation.Context context) {
        return context instanceof ShardPublishObservationContext;
    }

    @Override
    default String getName() {
        return "sharded.pubsub.publish";
    }
}
