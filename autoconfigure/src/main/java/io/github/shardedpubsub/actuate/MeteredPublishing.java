package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.publisher.PublishObserver;
import io.github.shardedpubsub.publisher.PublishOutcome;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/**
 * Counts and times what is published. Every meter is looked up once, here at the start.
 */
final class MeteredPublishing implements PublishObserver {

    private final PerConstant<PublishOutcome, Timer> published;

    private final Counter receivers;

    private final Counter redirects;

    private final Counter retries;

    MeteredPublishing(MeterRegistry registry) {
        this.published =
                PerConstant.of(PublishOutcome.class, outcome -> ShardedPubSubMeter.PUBLISHED.timer(registry, outcome));
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
