package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.listener.ShardHistoryLostEvent;
import io.github.shardedpubsub.listener.ShardInterruptedEvent;
import io.github.shardedpubsub.listener.ShardRestoredEvent;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.RecoveryObserver;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.sample.EventHistory.Event;
import io.github.shardedpubsub.sample.EventHistory.Kind;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Enters what happens to subscriptions, as any application can hear it: interruptions and what cannot be recovered as application events,
 * handovers and recoveries by an observer.
 */
@Component
class SubscriptionEvents implements SubscriptionObserver, RecoveryObserver {

    private static final double NANOS_PER_MILLI = 1_000_000.0;

    private final EventHistory history;

    private final AtomicInteger interruptions = new AtomicInteger();

    private final AtomicInteger handovers = new AtomicInteger();

    SubscriptionEvents(ShardSubscriptions subscriptions, ShardRecovery recovery, EventHistory history) {
        this.history = history;
        subscriptions.addObserver(this);
        recovery.addObserver(this);
    }

    int interruptions() {
        return this.interruptions.get();
    }

    int handovers() {
        return this.handovers.get();
    }

    @EventListener
    void interrupted(ShardInterruptedEvent event) {
        this.interruptions.incrementAndGet();
        this.history.add(new Event(
                Kind.INTERRUPTED,
                1,
                event.from().toString(),
                null,
                event.channel(),
                null,
                event.cause().name()));
    }

    @EventListener
    void restored(ShardRestoredEvent event) {
        this.history.add(new Event(
                Kind.RESTORED,
                1,
                event.from().toString(),
                Objects.toString(event.to(), null),
                event.channel(),
                event.duration().toNanos() / NANOS_PER_MILLI,
                null));
    }

    @EventListener
    void lost(ShardHistoryLostEvent event) {
        this.history.add(new Event(
                Kind.HISTORY_LOST,
                1,
                null,
                null,
                event.channel(),
                null,
                event.cause().name()));
    }

    @Override
    public void recovered(ChannelName channel, long messages, Duration took) {
        if (messages > 0) {
            this.history.add(new Event(
                    Kind.RECOVERED, (int) messages, null, null, null, took.toNanos() / NANOS_PER_MILLI, null));
        }
    }

    @Override
    public void handedOver(ChannelName channel, NodeAddress from, NodeAddress to) {
        this.handovers.incrementAndGet();
        this.history.add(
                new Event(Kind.HANDED_OVER, 1, from.toString(), to.toString(), channel.toString(), null, null));
    }
}
