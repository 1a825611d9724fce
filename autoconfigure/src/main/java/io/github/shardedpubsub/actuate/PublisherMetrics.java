package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.publisher.PublishObserver;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collection;
import java.util.List;

/**
 * The meters of publishing, as {@link ShardedPubSubMeter} lists them. Several publishers count together.
 */
public class PublisherMetrics implements MeterBinder {

    private final List<ShardedPublisher> publishers;

    /**
     * Creates the binder, which registers nothing yet.
     */
    public PublisherMetrics(Collection<ShardedPublisher> publishers) {
        this.publishers = List.copyOf(publishers);
    }

    /**
     * Registers every meter and counts from now on. To be called once a registry: each call adds an observer.
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        PublishObserver metered = new MeteredPublishing(registry);
        this.publishers.forEach(publisher -> publisher.addObserver(metered));
    }
}
