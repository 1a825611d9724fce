package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Subscriptions that follow their slots through a cluster, over connections of their own that are made as the application's
 * Lettuce client makes its.
 */
public final class SlotFollowingSubscriptions implements ShardSubscriptions {

    private static final Logger logger = LoggerFactory.getLogger(SlotFollowingSubscriptions.class);

    private static final long CLOSE_SECONDS = 3;

    private final Timeline timeline;

    private final Reconciler reconciler;

    private final AtomicBoolean closed = new AtomicBoolean();

    private final Claim.Keeper keeper = new Claim.Keeper() {

        /** Few at any time, and so nothing that every claim has room for. */
        private final Set<Claim> paused = ConcurrentHashMap.newKeySet();

        @Override
        public void release(Claim claim) {
            this.paused.remove(claim);
            SlotFollowingSubscriptions.this.release(claim);
        }

        @Override
        public void pauseReading(Claim claim) {
            boolean again = !this.paused.add(claim);
            SlotFollowingSubscriptions.this.reconciler.pauseReading(claim.channel(), again);
        }

        @Override
        public void resumeReading(Claim claim) {
            if (this.paused.remove(claim)) {
                SlotFollowingSubscriptions.this.timeline.execute(
                        () -> SlotFollowingSubscriptions.this.reconciler.readingChanged(claim.channel()));
            }
        }

        @Override
        public boolean wantsReadingPaused(Claim claim) {
            return this.paused.contains(claim);
        }
    };

    SlotFollowingSubscriptions(Cluster cluster, SubscriptionSettings settings, Timeline timeline) {
        this.timeline = timeline;
        this.reconciler = new Reconciler(cluster, settings, timeline);
    }

    /**
     * Starts without a channel and without a connection, for a cluster that wants neither credentials nor TLS.
     *
     * @see #start(RedisClusterClient, RedisURI, SubscriptionSettings)
     */
    public static ShardSubscriptions start(RedisClusterClient client, SubscriptionSettings settings) {
        return start(client, RedisURI.create("redis://localhost"), settings);
    }

    /**
     * Starts without a channel and without a connection.
     *
     * @param client the application's own, for slot owners, options and resources; never closed from here
     * @param access one of the addresses that the client was made with, for credentials, TLS and client name, which the client does
     *     not give away; host and port are those of the nodes
     */
    public static ShardSubscriptions start(RedisClusterClient client, RedisURI access, SubscriptionSettings settings) {
        return new SlotFollowingSubscriptions(
                new LettuceCluster(client, access, settings.pipe()), settings, new ThreadTimeline("sharded-pubsub"));
    }

    @Override
    public List<ShardSubscription> subscribe(Map<ChannelName, ? extends ShardMessageSink> sinks) {
        if (this.closed.get()) {
            throw new IllegalStateException("These subscriptions are closed");
        }
        List<Claim> claims = new ArrayList<>(sinks.size());
        sinks.forEach((channel, sink) -> claims.add(new Claim(channel, sink, this.keeper)));
        this.timeline.execute(() -> this.reconciler.claim(claims));
        if (this.closed.get()) {
            // closed meanwhile, and nothing may run any more that would say so
            claims.forEach(Claim::abandon);
        }
        return List.copyOf(claims);
    }

    private void release(Claim claim) {
        this.timeline.execute(() -> this.reconciler.release(claim));
        if (this.closed.get()) {
            claim.end();
        }
    }

    @Override
    public Map<ChannelState, Integer> counts() {
        return this.reconciler.standings().counts();
    }

    @Override
    public List<ChannelStatus> unconfirmed(int limit) {
        return this.reconciler.standings().unconfirmed(limit);
    }

    @Override
    public List<ChannelStatus> channels() {
        return this.reconciler.standings().statuses();
    }

    @Override
    public ChannelPage channels(ChannelQuery query) {
        return this.reconciler.standings().page(query);
    }

    @Override
    public Optional<ChannelStatus> channel(ChannelName channel) {
        return this.reconciler.standings().status(channel);
    }

    @Override
    public List<NodeStatus> nodes() {
        return this.reconciler.nodes().stream()
                .map(NodeConnection::status)
                .sorted(Comparator.comparing(NodeStatus::address))
                .toList();
    }

    @Override
    public List<ChannelTransition> lastMoves() {
        return this.reconciler.standings().lastMoves();
    }

    @Override
    public CompletableFuture<Integer> check(@Nullable ChannelName channel) {
        if (this.closed.get()) {
            return CompletableFuture.completedFuture(0);
        }
        CompletableFuture<Integer> checked = new CompletableFuture<>();
        this.timeline.execute(() -> {
            var unused = this.reconciler.check(channel).whenComplete((count, failure) -> {
                if (failure != null) {
                    checked.completeExceptionally(failure);
                } else {
                    checked.complete(count);
                }
            });
        });
        if (this.closed.get()) {
            checked.complete(0);
        }
        return checked;
    }

    @Override
    public boolean reconnect(NodeAddress node) {
        boolean known =
                this.reconciler.nodes().stream().anyMatch(each -> each.address().equals(node));
        if (known) {
            this.timeline.execute(() -> this.reconciler.reconnect(node));
        }
        return known;
    }

    @Override
    public void resubscribe(@Nullable ChannelName channel) {
        this.timeline.execute(() -> this.reconciler.resubscribe(channel));
    }

    @Override
    public void addObserver(SubscriptionObserver observer) {
        this.reconciler.standings().addObserver(observer);
    }

    @Override
    public void close() {
        if (!this.closed.compareAndSet(false, true)) {
            return;
        }
        CompletableFuture<Void> allClosed = new CompletableFuture<>();
        this.timeline.execute(() -> {
            var unused = this.reconciler.close().whenComplete((done, failure) -> allClosed.complete(null));
        });
        try {
            allClosed.get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException ex) {
            logger.warn("Not every connection was closed within {} s", CLOSE_SECONDS);
        } finally {
            this.timeline.stop();
        }
    }
}
