package io.github.shardedpubsub.subscription.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.SubscriptionThreads;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.PipeSettings;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.HandoverSettings;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.ResubscribeMode;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisCredentialsProvider;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;

/**
 * The subscriptions of one application, and everything that it is told about them. Closing them is part of every test: it takes a
 * bounded time and leaves neither a thread nor a connection behind.
 */
final class ObservedSubscriptions implements SubscriptionObserver, AutoCloseable {

    /** In which everything is to be well again after any fault, on a busy machine. */
    static final Duration RECOVERY = Duration.ofSeconds(20);

    /** In which {@link #close()} is to return, whatever the servers do. */
    static final Duration CLOSING = Duration.ofSeconds(5);

    /**
     * How long event loops must have been idle before they end. With none they can end before a channel is deregistered, which then
     * keeps its buffer.
     */
    static final Duration QUIET = Duration.ofMillis(100);

    /** How long a channel that was refused is left alone. */
    static final Duration REFUSED_RETRY = Duration.ofSeconds(1);

    /** An application's usual ones, but that an audit comes twice a second and idle connections go after one. */
    static final SubscriptionSettings SETTINGS = settings(PipeSettings.DEFAULTS);

    /** By which the servers show our connections, and no others. */
    private static final String CLIENT_NAME = "observed-subscriptions";

    private final SubscriptionThreads threads = new SubscriptionThreads();

    private final RedisCluster cluster;

    private final RedisClusterClient client;

    private final ShardSubscriptions subscriptions;

    private final Map<ChannelName, List<Interruption>> interruptions = new ConcurrentHashMap<>();

    private final Queue<ChannelTransition> transitions = new ConcurrentLinkedQueue<>();

    final AtomicInteger connected = new AtomicInteger();

    final AtomicInteger disconnected = new AtomicInteger();

    final AtomicInteger units = new AtomicInteger();

    final AtomicInteger endedByServer = new AtomicInteger();

    final AtomicInteger outOfStep = new AtomicInteger();

    private ObservedSubscriptions(
            RedisCluster cluster, SubscriptionSettings settings, @Nullable RedisCredentialsProvider credentials) {
        this.cluster = cluster;
        List<RedisURI> uris = cluster.nodes().stream()
                .map(node -> {
                    RedisURI uri = RedisURI.create(node.host(), node.port());
                    if (credentials != null) {
                        uri.setCredentialsProvider(credentials);
                    }
                    return uri;
                })
                .toList();
        this.client = RedisClusterClient.create(uris);
        RedisURI access = RedisURI.builder(uris.get(0)).build();
        access.setClientName(CLIENT_NAME);
        this.subscriptions = SlotFollowingSubscriptions.start(this.client, access, settings);
        this.subscriptions.addObserver(this);
    }

    static ObservedSubscriptions on(RedisCluster cluster) {
        return on(cluster, SETTINGS);
    }

    static ObservedSubscriptions on(RedisCluster cluster, SubscriptionSettings settings) {
        return new ObservedSubscriptions(cluster, settings, null);
    }

    static ObservedSubscriptions on(
            RedisCluster cluster, SubscriptionSettings settings, RedisCredentialsProvider credentials) {
        return new ObservedSubscriptions(cluster, settings, credentials);
    }

    static SubscriptionSettings settings(PipeSettings pipe) {
        return new SubscriptionSettings(
                pipe,
                SubscriptionSettings.DEFAULTS.backoffInitial(),
                SubscriptionSettings.DEFAULTS.backoffMax(),
                REFUSED_RETRY,
                Duration.ofSeconds(1),
                true,
                Duration.ofMillis(500),
                HandoverSettings.DEFAULTS,
                Duration.ZERO,
                ResubscribeMode.FOLLOW);
    }

    static List<ChannelName> channels(String prefix, int count) {
        List<ChannelName> channels = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            channels.add(ChannelName.of(prefix + "-" + i));
        }
        return channels;
    }

    /** Some channels of which the node has the slots now. */
    List<ChannelName> channelsOf(RedisNode master, String prefix, int count) {
        BitSet slots = this.cluster.slotsOf(master);
        return channels(prefix, 100).stream()
                .filter(channel -> slots.get(slot(channel)))
                .limit(count)
                .toList();
    }

    /** Numbered messages on these channels from now on. */
    NumberedTraffic trafficOn(Collection<ChannelName> channels) {
        return NumberedTraffic.on(this.cluster, this, channels);
    }

    static int slot(ChannelName channel) {
        return RedisCluster.slot(channel.toString());
    }

    static NodeAddress address(RedisNode node) {
        return new NodeAddress(node.host(), node.port());
    }

    ShardSubscriptions subscriptions() {
        return this.subscriptions;
    }

    // What the application is told

    @Override
    public void channelChanged(ChannelTransition transition) {
        this.transitions.add(transition);
        Interruption interruption = transition.interruption();
        if (interruption != null) {
            List<Interruption> all =
                    this.interruptions.computeIfAbsent(transition.channel(), any -> new CopyOnWriteArrayList<>());
            if (interruption.duration() != null) {
                all.remove(all.size() - 1);
            }
            all.add(interruption);
        }
    }

    @Override
    public void connected(NodeAddress node) {
        this.connected.incrementAndGet();
    }

    @Override
    public void disconnected(NodeAddress node, String reason) {
        this.disconnected.incrementAndGet();
    }

    @Override
    public void unitFinished(NodeAddress node, Outcome outcome, Duration took) {
        this.units.incrementAndGet();
    }

    @Override
    public void endedByServer(ChannelName channel, NodeAddress node) {
        this.endedByServer.incrementAndGet();
    }

    @Override
    public void outOfStep(NodeAddress node, String seen) {
        this.outOfStep.incrementAndGet();
    }

    /** All that were reported for a channel, in their order; the last one may still last. */
    List<Interruption> interruptions(ChannelName channel) {
        return List.copyOf(this.interruptions.getOrDefault(channel, List.of()));
    }

    List<ChannelTransition> transitions() {
        return List.copyOf(this.transitions);
    }

    ChannelStatus status(ChannelName channel) {
        return this.subscriptions.channel(channel).orElseThrow();
    }

    /** As an application with no patience for channels that are not confirmed sees it. */
    Health health() {
        return Objects.requireNonNull(new ShardedPubSubHealthIndicator(this.subscriptions, Duration.ZERO).health());
    }

    void awaitAllConfirmed() {
        await().atMost(RECOVERY)
                .untilAsserted(
                        () -> assertThat(this.subscriptions.unconfirmed(3)).isEmpty());
    }

    /** Each of the channels is where its slot is served now, by what the servers say. */
    void awaitAtOwners(Collection<ChannelName> channels) {
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(channels)
                        .allSatisfy(channel -> assertThat(status(channel).node())
                                .isEqualTo(address(this.cluster.owner(slot(channel))))));
    }

    // The end

    /** How many connections of ours the servers that answer have. */
    long connectionsAtServers() {
        return this.cluster.nodes().stream()
                .filter(node -> node.isAlive() && !node.isFrozen())
                .mapToLong(node -> node.command("CLIENT", "LIST")
                        .lines()
                        .filter(line -> line.contains("name=" + CLIENT_NAME))
                        .count())
                .sum();
    }

    /** Closes the subscriptions alone, with the servers as they are. */
    void closeSubscriptions() {
        long begun = System.nanoTime();
        this.subscriptions.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .as("the time that closing takes")
                .isLessThan(CLOSING);
    }

    @Override
    public void close() {
        try {
            closeSubscriptions();
            assertThat(this.outOfStep).as("replies that did not fit").hasValue(0);
            await().atMost(RECOVERY).untilAsserted(this::assertNothingIsLeft);
        } finally {
            this.client.shutdown(QUIET, Duration.ofSeconds(2));
        }
    }

    void assertNothingIsLeft() {
        this.threads.assertNoneIsLeft();
        assertThat(connectionsAtServers())
                .as("connections of closed subscriptions")
                .isZero();
    }
}
