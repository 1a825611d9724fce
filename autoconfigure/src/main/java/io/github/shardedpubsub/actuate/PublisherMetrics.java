package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.publisher.PublishObserver;
import io.github.shardedpubsub.publisher.PublishOutcome;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
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
        PublishObserver metered = new Metered(registry);
        this.publishers.forEach(publisher -> publisher.addObserver(metered));
    }

    private static final class Metered implements PublishObserver {

        private final PerConstant<PublishOutcome, Timer> published;

        private final Counter receivers;

        private final Counter redirects;

        private final Counter retries;

        Metered(MeterRegistry registry) {
            this.published = PerConstant.of(
                    PublishOutcome.class, outcome -> ShardedPubSubMeter.PUBLISHED.timer(registry, outcome));
            this.receivers = ShardedPubSubMeter.PUBLISHED_RECEIVERS.counter(registry);
            this.redirects = ShardedPubSubMeter.PUBLISHED_REDIRECTS.counter(registry);
            this.retries = ShardedPubSubMeter.PUBLISHED_RETRIES.counter(registry);
        }

        @Override
        public void finished(String channel, PublishOutcome outcome, long receivers, Duration took) {
            this.published.of(outcome).record(took);
            this.receivers.increment(receivers);
        }

        @Override
        public void redirected(String channel) {
            this.redirects.increment();
        }

        @Override
        public void retried(String channel, String reason) {
            this.retries.increment();
        }
    }
}
