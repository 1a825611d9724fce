package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.pipe.PubSubFence;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * The meters of the fence in the application's own Lettuce connections, as {@link ShardedPubSubMeter} lists them.
 */
public class LettuceFenceMetrics implements MeterBinder {

    private final PubSubFence fence;

    /**
     * Creates the binder, which registers nothing yet.
     */
    public LettuceFenceMetrics(PubSubFence fence) {
        this.fence = fence;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        ShardedPubSubMeter.LETTUCE_CONNECTIONS.gauge(registry, this.fence, PubSubFence::connections);
        ShardedPubSubMeter.LETTUCE_OUT_OF_STEP.counter(registry, this.fence, PubSubFence::outOfStep);
    }
}
