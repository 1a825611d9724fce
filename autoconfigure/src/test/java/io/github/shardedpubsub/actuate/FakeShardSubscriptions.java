package io.github.shardedpubsub.actuate;

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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Subscriptions whose state a test sets.
 */
public class FakeShardSubscriptions implements ShardSubscriptions {

    private final List<ChannelStatus> channels = new ArrayList<>();

    private final List<NodeStatus> nodes = new ArrayList<>();

    private final List<ChannelTransition> moves = new ArrayList<>();

    private final List<SubscriptionObserver> observers = new ArrayList<>();

    private final List<String> checked = new ArrayList<>();

    private final List<ChannelQuery> queries = new ArrayList<>();

    private final List<NodeAddress> reconnected = new ArrayList<>();

    private CompletableFuture<Integer> check = CompletableFuture.completedFuture(0);

    private boolean confirmedChannelsRead;

    public FakeShardSubscriptions with(ChannelStatus... statuses) {
        this.channels.clear();
        this.channels.addAll(List.of(statuses));
        return this;
    }

    public FakeShardSubscriptions with(NodeStatus... statuses) {
        this.nodes.clear();
        this.nodes.addAll(List.of(statuses));
        return this;
    }

    public FakeShardSubscriptions with(ChannelTransition... transitions) {
        this.moves.clear();
        this.moves.addAll(List.of(transitions));
        return this;
    }

    /** What a check ends with. */
    public FakeShardSubscriptions answeringChecks(CompletableFuture<Integer> check) {
        this.check = check;
        return this;
    }

    /** Who was checked: a channel, or "all". */
    public List<String> checked() {
        return this.checked;
    }

    /** What was asked for. */
    public List<ChannelQuery> queries() {
        return this.queries;
    }

    /** The nodes whose connections were to be opened anew. */
    public List<NodeAddress> reconnected() {
        return this.reconnected;
    }

    boolean confirmedChannelsRead() {
        return this.confirmedChannelsRead;
    }

    /** The observer to be told of events. */
    SubscriptionObserver observer() {
        if (this.observers.size() != 1) {
            throw new AssertionError("One observer expected, but there are " + this.observers.size());
        }
        return this.observers.get(0);
    }

    public int observers() {
        return this.observers.size();
    }

    @Override
    public Map<ChannelState, Integer> counts() {
        Map<ChannelState, Integer> counts = new EnumMap<>(ChannelState.class);
        for (ChannelState state : ChannelState.values()) {
            counts.put(state, 0);
        }
        this.channels.forEach(channel -> counts.merge(channel.state(), 1, Integer::sum));
        return counts;
    }

    @Override
    public List<ChannelStatus> unconfirmed(int limit) {
        return this.channels.stream()
                .filter(channel -> channel.state() != ChannelState.SUBSCRIBED)
                .sorted(Comparator.comparing(ChannelStatus::since))
                .limit(limit)
                .toList();
    }

    @Override
    public List<ChannelStatus> channels() {
        this.confirmedChannelsRead = true;
        return List.copyOf(this.channels);
    }

    @Override
    public ChannelPage channels(ChannelQuery query) {
        this.queries.add(query);
        List<ChannelStatus> page =
                this.channels.stream().skip(query.offset()).limit(query.limit()).toList();
        return new ChannelPage(this.channels.size(), page);
    }

    @Override
    public Optional<ChannelStatus> channel(ChannelName channel) {
        return this.channels.stream()
                .filter(status -> status.channel().equals(channel.toString()))
                .findFirst();
    }

    @Override
    public List<NodeStatus> nodes() {
        return List.copyOf(this.nodes);
    }

    @Override
    public List<ChannelTransition> lastMoves() {
        return List.copyOf(this.moves);
    }

    @Override
    public CompletableFuture<Integer> check(@Nullable ChannelName channel) {
        this.checked.add(channel != null ? channel.toString() : "all");
        return this.check;
    }

    @Override
    public boolean reconnect(NodeAddress node) {
        boolean known = this.nodes.stream().anyMatch(status -> status.address().equals(node));
        if (known) {
            this.reconnected.add(node);
        }
        return known;
    }

    @Override
    public void resubscribe(@Nullable ChannelName channel) {}

    @Override
    public void addObserver(SubscriptionObserver observer) {
        this.observers.add(observer);
    }

    @Override
    public List<ShardSubscription> subscribe(Map<ChannelName, ? extends ShardMessageSink> sinks) {
        throw new UnsupportedOperationException("Those who look at subscriptions do not subscribe");
    }

    @Override
    public void close() {}
}
