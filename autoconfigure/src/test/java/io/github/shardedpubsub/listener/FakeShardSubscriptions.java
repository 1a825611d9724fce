package io.github.shardedpubsub.listener;

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
import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Subscriptions without servers: confirms at once, refuses or keeps silent as it is told, and remembers what was asked of it. */
public final class FakeShardSubscriptions implements ShardSubscriptions {

    private final Map<ChannelName, List<FakeClaim>> claims = new ConcurrentHashMap<>();

    private final List<List<String>> batches = new CopyOnWriteArrayList<>();

    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    private final Set<String> silent = ConcurrentHashMap.newKeySet();

    private final Set<String> unread = ConcurrentHashMap.newKeySet();

    private final List<SubscriptionObserver> observers = new CopyOnWriteArrayList<>();

    private volatile boolean closed;

    /** The channel is refused from now on. */
    public void refuse(String channel) {
        this.refused.add(channel);
    }

    /** The channel is confirmed again from now on. */
    public void permit(String channel) {
        this.refused.remove(channel);
    }

    /** The channel is neither confirmed nor refused from now on. */
    public void silence(String channel) {
        this.silent.add(channel);
    }

    /** The channel is confirmed now. */
    public void confirm(String channel) {
        this.silent.remove(channel);
        this.claims.getOrDefault(ChannelName.of(channel), List.of()).forEach(claim -> claim.confirmed.complete(null));
    }

    /** The channels of each call of subscribe. */
    public List<List<String>> batches() {
        return this.batches;
    }

    /** The channels that are claimed now, sorted. */
    public List<String> claimed() {
        return this.claims.entrySet().stream()
                .filter(entry -> !entry.getValue().isEmpty())
                .map(entry -> entry.getKey().toString())
                .sorted()
                .toList();
    }

    /** The channels of which nothing more is to be read. */
    public Set<String> unread() {
        return this.unread;
    }

    /** Delivers a message to all claims of the channel, as an event loop would. */
    public void message(String channel, String payload) {
        message(channel, payload.getBytes(StandardCharsets.UTF_8));
    }

    /** Delivers a message to all claims of the channel, as an event loop would. */
    public void message(String channel, byte[] payload) {
        ChannelName name = ChannelName.of(channel);
        this.claims.getOrDefault(name, List.of()).forEach(claim -> claim.sink.message(name, payload));
    }

    @Override
    public List<ShardSubscription> subscribe(Map<ChannelName, ? extends ShardMessageSink> sinks) {
        if (this.closed) {
            throw new IllegalStateException("These subscriptions are closed");
        }
        this.batches.add(sinks.keySet().stream().map(ChannelName::toString).toList());
        List<ShardSubscription> made = new ArrayList<>();
        sinks.forEach((channel, sink) -> {
            FakeClaim claim = new FakeClaim(channel, sink);
            this.claims
                    .computeIfAbsent(channel, ignored -> new CopyOnWriteArrayList<>())
                    .add(claim);
            if (this.refused.contains(channel.toString())) {
                claim.confirmed.completeExceptionally(new ShardSubscriptionRefusedException(
                        channel.toString(),
                        new NodeAddress("127.0.0.1", 7000),
                        "NOPERM No permissions to access a channel"));
            } else if (!this.silent.contains(channel.toString())) {
                claim.confirmed.complete(null);
            }
            made.add(claim);
        });
        return made;
    }

    private final class FakeClaim implements ShardSubscription {

        private final ChannelName channel;

        private final ShardMessageSink sink;

        private final CompletableFuture<Void> confirmed = new CompletableFuture<>();

        private FakeClaim(ChannelName channel, ShardMessageSink sink) {
            this.channel = channel;
            this.sink = sink;
        }

        @Override
        public ChannelName channel() {
            return this.channel;
        }

        @Override
        public CompletableFuture<Void> confirmed() {
            return this.confirmed;
        }

        @Override
        public void pauseReading() {
            FakeShardSubscriptions.this.unread.add(this.channel.toString());
        }

        @Override
        public void resumeReading() {
            FakeShardSubscriptions.this.unread.remove(this.channel.toString());
        }

        @Override
        public CompletableFuture<Void> release() {
            this.confirmed.completeExceptionally(new CancellationException("released"));
            FakeShardSubscriptions.this
                    .claims
                    .getOrDefault(this.channel, List.of())
                    .remove(this);
            return CompletableFuture.completedFuture(null);
        }
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
        return Optional.of(new ChannelStatus(
                channel.toString(),
                42,
                ChannelState.SUBSCRIBING,
                Instant.EPOCH,
                new NodeAddress("127.0.0.1", 7000),
                null,
                0,
                "CLUSTERDOWN Hash slot not served"));
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
    public void addObserver(SubscriptionObserver observer) {
        this.observers.add(observer);
    }

    /** All that were added. */
    public List<SubscriptionObserver> observers() {
        return this.observers;
    }

    public boolean isClosed() {
        return this.closed;
    }

    @Override
    public void close() {
        this.closed = true;
    }
}
