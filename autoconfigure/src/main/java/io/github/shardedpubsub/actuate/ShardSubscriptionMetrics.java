package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The meters of subscriptions and their connections, as {@link ShardedPubSubMeter} lists them.
 */
public class ShardSubscriptionMetrics implements MeterBinder {

    private enum ConnectionState {
        CONNECTED,
        DISCONNECTED
    }

    private final ShardSubscriptions subscriptions;

    /**
     * Creates the binder, which registers nothing yet.
     */
    public ShardSubscriptionMetrics(ShardSubscriptions subscriptions) {
        this.subscriptions = subscriptions;
    }

    /**
     * Registers every meter and counts from now on. To be called once a registry: each call adds an observer.
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        for (ChannelState state : ChannelState.values()) {
            ShardedPubSubMeter.SUBSCRIPTIONS.gauge(
                    registry,
                    state,
                    this.subscriptions,
                    subscriptions -> subscriptions.counts().getOrDefault(state, 0));
        }
        for (ConnectionState state : ConnectionState.values()) {
            ShardedPubSubMeter.CONNECTIONS.gauge(
                    registry, state, this.subscriptions, subscriptions -> connections(subscriptions, state));
        }
        ShardedPubSubMeter.UNCONFIRMED_AGE.timeGauge(
                registry, this.subscriptions, subscriptions -> unconfirmedMillis(subscriptions, registry));
        this.subscriptions.addObserver(new MeteredSubscriptions(registry));
    }

    private static long connections(ShardSubscriptions subscriptions, ConnectionState state) {
        return subscriptions.nodes().stream()
                .filter(node -> state(node) == state)
                .count();
    }

    private static ConnectionState state(NodeStatus node) {
        return node.connected() ? ConnectionState.CONNECTED : ConnectionState.DISCONNECTED;
    }

    private static long unconfirmedMillis(ShardSubscriptions subscriptions, MeterRegistry registry) {
        List<ChannelStatus> longest = subscriptions.unconfirmed(1);
        if (longest.isEmpty()) {
            return 0;
        }
        Instant now = Instant.ofEpochMilli(registry.config().clock().wallTime());
        // a clock that was set back must not show as a negative age
        return Math.max(0, Duration.between(longest.get(0).since(), now).toMillis());
    }
}
