package io.github.shardedpubsub.benchmark.jmh;

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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Subscriptions without a cluster: whoever has them hands the messages over. */
final class CapturedSinks implements ShardSubscriptions {

    private final Map<ChannelName, ShardMessageSink> sinks = new ConcurrentHashMap<>();

    ShardMessageSink sink(ChannelName channel) {
        return Objects.requireNonNull(this.sinks.get(channel), "nobody listens");
    }

    @Override
    public List<ShardSubscription> subscribe(Map<ChannelName, ? extends ShardMessageSink> sinks) {
        this.sinks.putAll(sinks);
        return sinks.keySet().stream().<ShardSubscription>map(Confirmed::new).toList();
    }

    @Override
    public Map<ChannelState, Integer> counts() {
        return Map.of();
    }

    @Override
    public List<ChannelStatus> unconfirmed(int limit) {
        return List.of();
    }

    @Override
    public List<ChannelStatus> channels() {
        return List.of();
    }

    @Override
    public ChannelPage channels(ChannelQuery query) {
        return ChannelPage.EMPTY;
    }

    @Override
    public Optional<ChannelStatus> channel(ChannelName channel) {
        return Optional.empty();
    }

    @Override
    public List<NodeStatus> nodes() {
        return List.of();
    }

    @Override
    public List<ChannelTransition> lastMoves() {
        return List.of();
    }

    @Override
    public CompletableFuture<Integer> check(@Nullable ChannelName channel) {
        return CompletableFuture.completedFuture(0);
    }

    @Override
    public boolean reconnect(NodeAddress node) {
        return false;
    }

    @Override
    public void resubscribe(@Nullable ChannelName channel) {}

    @Override
    public void addObserver(SubscriptionObserver observer) {}

    @Override
    public void close() {}

    private record Confirmed(ChannelName channel) implements ShardSubscription {

        @Override
        public CompletableFuture<Void> confirmed() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void pauseReading() {}

        @Override
        public void resumeReading() {}

        @Override
        public CompletableFuture<Void> release() {
            return CompletableFuture.completedFuture(null);
        }
    }
}
