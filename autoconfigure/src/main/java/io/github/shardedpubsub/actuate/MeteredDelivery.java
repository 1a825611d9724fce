package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.listener.DeliveryObserver;
import io.github.shardedpubsub.listener.DeliveryOutcome;
import io.github.shardedpubsub.pipe.ChannelName;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/**
 * Counts and times what becomes of messages. Every meter is looked up once, here at the start: a message costs an increment, and a
 * listener's call what it takes to look at the clock and to record a time.
 */
final class MeteredDelivery implements DeliveryObserver {

    private final Counter messages;

    private final Counter dropped;

    private final Counter refusals;

    private final PerConstant<DeliveryOutcome, Timer> listener;

    MeteredDelivery(MeterRegistry registry) {
        this.messages = ShardedPubSubMeter.MESSAGES.counter(registry);
        this.dropped = ShardedPubSubMeter.DROPPED.counter(registry);
        this.refusals = ShardedPubSubMeter.EXECUTOR_REFUSALS.counter(registry);
        this.listener =
                PerConstant.of(DeliveryOutcome.class, outcome -> ShardedPubSubMeter.LISTENER.timer(registry, outcome));
    }

    @Override
    public void received(ChannelName channel) {
        this.messages.increment();
    }

    @Override
    public void delivered(ChannelName channel, DeliveryOutcome outcome, Duration took) {
        this.listener.of(outcome).record(took);
    }

    @Override
    public void dropped(ChannelName channel, long count) {
        this.dropped.increment(count);
    }

    @Override
    public void refused() {
        this.refusals.increment();
    }
}
