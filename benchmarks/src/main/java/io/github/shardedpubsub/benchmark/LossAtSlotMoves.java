package io.github.shardedpubsub.benchmark;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.HandoverSettings;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Counts the messages that a listener misses while its channel's slot is moved again and again under a steady publisher: with
 * connections opened when they are needed, with warm ones, and with early handover. All in one process and on one cluster, one after
 * the other. Each move takes as long from its beginning to its cut-over as is given, as a slot with keys would take.
 *
 * <p>Arguments: moves (100), messages a second (20,000), milliseconds a move takes (100). {@code -Dredis.server=…} names the server.
 */
public final class LossAtSlotMoves {

    private static final String CHANNEL = "measured";

    private static final int SLOT = RedisCluster.slot(CHANNEL);

    private final RedisCluster cluster;

    private final int moves;

    private final int rate;

    private final Duration moveTime;

    private LossAtSlotMoves(RedisCluster cluster, int moves, int rate, Duration moveTime) {
        this.cluster = cluster;
        this.moves = moves;
        this.rate = rate;
        this.moveTime = moveTime;
    }

    /**
     * Measures and prints a table.
     */
    public static void main(String[] arguments) throws Exception {
        int moves = argument(arguments, 0, 100);
        int rate = argument(arguments, 1, 20_000);
        Duration moveTime = Duration.ofMillis(argument(arguments, 2, 100));
        SubscriptionSettings cold =
                SubscriptionSettings.DEFAULTS.withWarmConnections(false).withHandover(HandoverSettings.OFF);
        SubscriptionSettings warm = cold.withWarmConnections(true);
        SubscriptionSettings early = SubscriptionSettings.DEFAULTS;
        try (RedisCluster cluster = RedisCluster.start(3, 0)) {
            LossAtSlotMoves measurement = new LossAtSlotMoves(cluster, moves, rate, moveTime);
            System.out.printf(
                    "%s, %d moves of %d ms, %d messages a second%n",
                    cluster.serverVersion(), moves, moveTime.toMillis(), rate);
            System.out.println(measurement.run("a connection when it is needed", cold));
            System.out.println(measurement.run("warm connections", warm));
            System.out.println(measurement.run("early handover", early));
        }
    }

    private static int argument(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }

    private record Result(
            String way, int published, int lost, int doubled, int interruptions, long longestMillis, int handovers) {

        @Override
        public String toString() {
            return String.format(
                    "%-32s published %,9d  lost %,6d  doubled %d  interruptions %d (the longest %d ms)  handed over %d",
                    this.way,
                    this.published,
                    this.lost,
                    this.doubled,
                    this.interruptions,
                    this.longestMillis,
                    this.handovers);
        }
    }

    private Result run(String way, SubscriptionSettings settings) throws Exception {
        RedisURI seed =
                RedisURI.create("redis://" + this.cluster.masters().get(0).address());
        // each with event loops of its own: what is published must not hold up what is received
        try (RedisClusterClient client = RedisClusterClient.create(seed);
                RedisClusterClient publishing = RedisClusterClient.create(seed)) {
            publishing.setOptions(ClusterClientOptions.builder()
                    .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                            .enableAllAdaptiveRefreshTriggers()
                            .build())
                    .build());
            Publisher publisher = new Publisher(this.moves * 1_000_000);
            AtomicInteger handovers = new AtomicInteger();
            AtomicLong longest = new AtomicLong();
            try (ShardSubscriptions subscriptions = SlotFollowingSubscriptions.start(client, settings);
                    StatefulRedisClusterConnection<String, String> connection = publishing.connect()) {
                subscriptions.addObserver(new SubscriptionObserver() {

                    @Override
                    public void channelChanged(ChannelTransition transition) {
                        Interruption interruption = transition.interruption();
                        if (interruption != null && interruption.duration() != null) {
                            longest.accumulateAndGet(interruption.duration().toMillis(), Math::max);
                        }
                    }

                    @Override
                    public void handedOver(ChannelName channel, NodeAddress from, NodeAddress to) {
                        handovers.incrementAndGet();
                    }
                });
                subscriptions
                        .subscribe(ChannelName.of(CHANNEL), (channel, payload) -> publisher.received(payload))
                        .confirmed()
                        .get(10, TimeUnit.SECONDS);
                Thread thread = new Thread(() -> publisher.publish(connection, this.rate), "publisher");
                thread.start();
                TimeUnit.SECONDS.sleep(3);
                for (int i = 0; i < this.moves; i++) {
                    move();
                    TimeUnit.MILLISECONDS.sleep(200);
                }
                publisher.stop = true;
                thread.join();
                TimeUnit.SECONDS.sleep(1);
                long interruptions = subscriptions
                        .channel(ChannelName.of(CHANNEL))
                        .orElseThrow()
                        .interruptions();
                return publisher.result(way, (int) interruptions, longest.get(), handovers.get());
            }
        }
    }

    /** In redis-cli's order, but for the time that keys would take. */
    private void move() throws InterruptedException {
        RedisNode source = this.cluster.owner(SLOT);
        RedisNode target = this.cluster.otherMaster(source);
        String slot = Integer.toString(SLOT);
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id());
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id());
        TimeUnit.MILLISECONDS.sleep(this.moveTime.toMillis());
        target.command("CLUSTER", "SETSLOT", slot, "NODE", target.id());
        source.command("CLUSTER", "SETSLOT", slot, "NODE", target.id());
        for (RedisNode other : this.cluster.masters()) {
            if (other != source && other != target) {
                other.command("CLUSTER", "SETSLOT", slot, "NODE", target.id());
            }
        }
        this.cluster.awaitAgreement();
    }

    /** Numbers every message, and knows which were published and how often each came. */
    private static final class Publisher {

        private final AtomicIntegerArray state;

        private final int limit;

        private volatile boolean stop;

        Publisher(int limit) {
            this.limit = Math.min(limit, 40_000_000);
            this.state = new AtomicIntegerArray(this.limit);
        }

        void publish(StatefulRedisClusterConnection<String, String> connection, int rate) {
            long begin = System.nanoTime();
            int number = 0;
            while (!this.stop && number < this.limit) {
                long due = (System.nanoTime() - begin) * rate / 1_000_000_000;
                for (; number < due && number < this.limit; number++) {
                    int published = number;
                    connection
                            .async()
                            .spublish(CHANNEL, Integer.toString(number))
                            .thenAccept(receivers -> this.state.addAndGet(published, 1000));
                }
                LockSupport.parkNanos(500_000);
            }
        }

        void received(byte[] payload) {
            this.state.incrementAndGet(Integer.parseInt(new String(payload, StandardCharsets.US_ASCII)));
        }

        Result result(String way, int interruptions, long longestMillis, int handovers) {
            int published = 0;
            int lost = 0;
            int doubled = 0;
            for (int i = 0; i < this.limit; i++) {
                int seen = this.state.get(i);
                published += seen / 1000;
                lost += seen == 1000 ? 1 : 0;
                doubled += seen % 1000 > 1 ? 1 : 0;
            }
            return new Result(way, published, lost, doubled, interruptions, longestMillis, handovers);
        }
    }
}
