package io.github.shardedpubsub.observation;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;

/** Gives each message that is published a header, as a tracer does it. */
public final class HeaderHandler implements ObservationHandler<ShardPublishObservationContext> {

    @Override
    public void onStart(ShardPublishObservationContext context) {
        context.getSetter().set(context.getCarrier(), "traceparent", "1-2");
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return context instanceof ShardPublishObservationContext;
    }
}
