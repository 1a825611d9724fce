package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import io.lettuce.core.cluster.RedisClusterClient;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The listeners with recovery: told of each interruption of their channels, each reads what it has missed from its channel's history.
 * Safe for use by any thread.
 */
public final class ShardRecovery implements AutoCloseable {

    private final RecoverySettings settings;

    private final RecoveryObservers observers = new RecoveryObservers();

    private final HistoryReader reader;

    private final Map<ChannelName, List<ChannelRecovery>> byChannel = new ConcurrentHashMap<>();

    /**
     * Creates it without a listener and without a connection.
     *
     * @param clients gives the application's client each time; when it gives another one than before, a new connection is opened. The
     *     client is never closed from here
     * @param subscriptions tell of interruptions
     */
    public ShardRecovery(
            Supplier<RedisClusterClient> clients, ShardSubscriptions subscriptions, RecoverySettings settings) {
        this.settings = settings;
        this.reader = new HistoryReader(clients, settings.concurrency(), this.observers);
        subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void channelChanged(ChannelTransition transition) {
                ShardRecovery.this.channelChanged(transition);
            }

            @Override
            public void handedOver(ChannelName channel, NodeAddress from, NodeAddress to) {
                recoveries(channel).forEach(ChannelRecovery::confirmed);
            }
        });
    }

    /**
     * Registers an observer for all that happens from now on.
     */
    public void addObserver(RecoveryObserver observer) {
        this.observers.add(observer);
    }

    private void channelChanged(ChannelTransition transition) {
        boolean subscribed = transition.to() == ChannelState.SUBSCRIBED;
        for (ChannelRecovery recovery : recoveries(transition.channel())) {
            if (subscribed) {
                recovery.confirmed();
            } else if (transition.from() == ChannelState.SUBSCRIBED) {
                recovery.interrupted();
            }
        }
    }

    private List<ChannelRecovery> recoveries(ChannelName channel) {
        return this.byChannel.getOrDefault(channel, List.of());
    }

    /**
     * Prepares a listener's recovery on a channel that has a history; null for one that has none.
     *
     * @throws IllegalArgumentException for a channel that should have one and cannot
     */
    public @Nullable ChannelRecovery open(ChannelName channel, RecoverySink sink) {
        if (!this.settings.matches(channel.toString())) {
            return null;
        }
        ChannelRecovery recovery = new ChannelRecovery(
                channel, HistoryKey.of(channel.toBytes()), this.reader, this.settings, this.observers, sink);
        this.byChannel
                .computeIfAbsent(channel, ignored -> new CopyOnWriteArrayList<>())
                .add(recovery);
        return recovery;
    }

    /**
     * Forgets a listener.
     */
    public void close(ChannelRecovery recovery) {
        recovery.stop();
        this.byChannel.computeIfPresent(recovery.channel(), (channel, recoveries) -> {
            recoveries.remove(recovery);
            return recoveries.isEmpty() ? null : recoveries;
        });
    }

    /**
     * Reads nothing more.
     */
    @Override
    public void close() {
        this.reader.close();
    }
}
