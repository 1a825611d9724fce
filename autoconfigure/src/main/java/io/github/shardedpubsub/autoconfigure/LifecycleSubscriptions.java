package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelPage;
import io.github.shardedpubsub.subscription.ChannelQuery;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardMessageSink;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/**
 * Subscriptions that start after the connection factory, whose client they use, and are closed before it: the factory gives its
 * client up when it stops and has another one when it starts again, and so there are other subscriptions then. While it is stopped,
 * nothing is subscribed.
 */
final class LifecycleSubscriptions implements ShardSubscriptions, SmartLifecycle {

    private final Supplier<ShardSubscriptions> starter;

    private final int phase;

    private final List<SubscriptionObserver> observers = new CopyOnWriteArrayList<>();

    /** Written under the monitor. */
    private volatile @Nullable ShardSubscriptions current;

    private boolean closed;

    /**
     * Creates them stopped.
     *
     * @param starter called for each start, when the connection factory is started
     * @param phase later than the connection factory's and earlier than the listener container's
     */
    LifecycleSubscriptions(Supplier<ShardSubscriptions> starter, int phase) {
        this.starter = starter;
        this.phase = phase;
    }

    @Override
    public synchronized void start() {
        if (this.closed) {
            throw new IllegalStateException("These subscriptions are closed");
        }
        if (this.current == null) {
            ShardSubscriptions started = this.starter.get();
            this.observers.forEach(started::addObserver);
            this.current = started;
        }
    }

    @Override
    public synchronized void stop() {
        ShardSubscriptions stopped = this.current;
        this.current = null;
        if (stopped != null) {
            stopped.close();
        }
    }

    @Override
    public boolean isRunning() {
        return this.current != null;
    }

    @Override
    public int getPhase() {
        return this.phase;
    }

    @Override
    public synchronized void close() {
        this.closed = true;
        stop();
    }

    /** Starts, if that has not been done: a container may be started by hand before the application context is. */
    @Override
    public List<ShardSubscription> subscribe(Map<ChannelName, ? extends ShardMessageSink> sinks) {
        ShardSubscriptions started = this.current;
        if (started == null) {
            synchronized (this) {
                start();
                started = this.current;
            }
        }
        if (started == null) {
            throw new IllegalStateException("These subscriptions are stopped");
        }
        return started.subscribe(sinks);
    }

    @Override
    public Map<ChannelState, Integer> counts() {
        ShardSubscriptions started = this.current;
        return (started != null)
                ? started.counts()
                : Arrays.stream(ChannelState.values()).collect(Collectors.toMap(state -> state, state -> 0));
    }

    @Override
    public List<ChannelStatus> unconfirmed(int limit) {
        ShardSubscriptions started = this.current;
        return (started != null) ? started.unconfirmed(limit) : List.of();
    }

    @Override
    public List<ChannelStatus> channels() {
        ShardSubscriptions started = this.current;
        return (started != null) ? started.channels() : List.of();
    }

    @Override
    public ChannelPage channels(ChannelQuery query) {
        ShardSubscriptions started = this.current;
        return (started != null) ? started.channels(query) : ChannelPage.EMPTY;
    }

    @Override
    public Optional<ChannelStatus> channel(ChannelName channel) {
        ShardSubscriptions started = this.current;
        return (started != null) ? started.channel(channel) : Optional.empty();
    }

    @Override
    public List<NodeStatus> nodes() {
        ShardSubscriptions started = this.current;
        return (started != null) ? started.nodes() : List.of();
    }

    @Override
    public List<ChannelTransition> lastMoves() {
        ShardSubscriptions started = this.current;
        return (started != null) ? started.lastMoves() : List.of();
    }

    @Override
    public CompletableFuture<Integer> check(@Nullable ChannelName channel) {
        ShardSubscriptions started = this.current;
        return (started != null) ? started.check(channel) : CompletableFuture.completedFuture(0);
    }

    @Override
    public boolean reconnect(NodeAddress node) {
        ShardSubscriptions started = this.current;
        return started != null && started.reconnect(node);
    }

    @Override
    public void resubscribe(@Nullable ChannelName channel) {
        ShardSubscriptions started = this.current;
        if (started != null) {
            started.resubscribe(channel);
        }
    }

    @Override
    public synchronized void addObserver(SubscriptionObserver observer) {
        this.observers.add(observer);
        ShardSubscriptions started = this.current;
        if (started != null) {
            started.addObserver(observer);
        }
    }
}
