package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.listener.ShardEventPublisher;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * The meter of the application events, as {@link ShardedPubSubMeter} lists it.
 */
public class ShardEventMetrics implements MeterBinder {

    private final ShardEventPublisher publisher;

    /**
     * Creates the binder, which registers nothing yet.
     */
    public ShardEventMetrics(ShardEventPublisher publisher) {
        this.publisher = publisher;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        ShardedPubSubMeter.EVENTS_DROPPED.counter(registry, this.publisher, ShardEventPublisher::dropped);
    }
}
