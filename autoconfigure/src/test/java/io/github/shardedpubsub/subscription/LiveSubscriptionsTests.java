package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.SubscriptionThreads;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.RedisReplyException;
import io.github.shardedpubsub.test.ServerTrait;
import io.github.shardedpubsub.test.SlotMove;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** On real servers: what is subscribed is delivered, whatever the cluster does meanwhile. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@LiveTest
class LiveSubscriptionsTests {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static final int PASSED_ON = 6_000;

    private static RedisCluster cluster;

    private static RedisClusterClient client;

    private static StatefulRedisClusterConnection<String, String> publisher;

    private final Map<ChannelName, List<String>> received = new ConcurrentHashMap<>();

    private final AtomicInteger outOfStep = new AtomicInteger();

    private final AtomicInteger rounds = new AtomicInteger();

    private ShardSubscriptions subscriptions;

    private List<ShardSubscription> claims = new ArrayList<>();

    private final SubscriptionThreads threads = new SubscriptionThreads();

    private long clientsBefore;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.builder()
                .masters(3)
                .replicas(1)
                .nodeTimeout(Duration.ofSeconds(1))
                .start();
        client = RedisClusterClient.create(uris(null));
        publisher = client.connect();
    }

    private static List<RedisURI> uris(@Nullable String user) {
        return cluster.nodes().stream()
                .map(node -> {
                    RedisURI.Builder uri =
                            RedisURI.builder().withHost(node.host()).withPort(node.port());
                    return user == null
                            ? uri.build()
                            : uri.withAuthentication(user, "secret").build();
                })
                .toList();
    }

    @AfterAll
    static void stop() {
        publisher.close();
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        cluster.close();
    }

    @BeforeEach
    void begin() {
        this.clientsBefore = clients("NORMAL");
        this.subscriptions = observed(SlotFollowingSubscriptions.start(client, SubscriptionSettings.DEFAULTS));
    }

    private ShardSubscriptions observed(ShardSubscriptions observed) {
        observed.addObserver(new SubscriptionObserver() {

            @Override
            public void outOfStep(NodeAddress node, String seen) {
                LiveSubscriptionsTests.this.outOfStep.incrementAndGet();
            }
        });
        return observed;
    }

    /** Closing leaves nothing: no thread of ours, no connection on any node. */
    @AfterEach
    void end() {
        assertThat(this.outOfStep).hasValue(0);
        this.subscriptions.close();
        await().atMost(LIMIT).untilAsserted(() -> {
            this.threads.assertNoneIsLeft();
            assertThat(clients("PUBSUB")).isZero();
            assertThat(clients("NORMAL"))
                    .isLessThanOrEqualTo(this.clientsBefore + cluster.nodes().size());
        });
    }

    private static long clients(String type) {
        return cluster.nodes().stream()
                .filter(RedisNode::isAlive)
                .mapToLong(node -> node.command("CLIENT", "LIST", "TYPE", type)
                        .lines()
                        .filter(line -> !line.isBlank())
                        .count())
                .sum();
    }

    private static List<ChannelName> channels(String prefix, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> ChannelName.of(prefix + i))
                .toList();
    }

    private void subscribe(Collection<ChannelName> channels) {
        this.claims.addAll(this.subscriptions.subscribe(channels, this::receive));
        awaitAllSubscribed();
    }

    private void receive(ChannelName channel, byte[] payload) {
        this.received
                .computeIfAbsent(channel, any -> new CopyOnWriteArrayList<>())
                .add(new String(payload, StandardCharsets.UTF_8));
    }

    private void awaitAllSubscribed() {
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(this.subscriptions.unconfirmed(3)).isEmpty());
    }

    /** A message on each channel comes once, through the connection that is said to hold it. */
    private void requireDelivery() {
        String message = "round " + this.rounds.incrementAndGet();
        Map<ChannelName, RedisFuture<Long>> sent = new HashMap<>();
        // what could not be published, since its slot was on its way, is published again
        await().atMost(LIMIT).pollDelay(Duration.ZERO).until(() -> {
            for (ShardSubscription claim : this.claims) {
                RedisFuture<Long> before = sent.get(claim.channel());
                if (before == null || before.toCompletableFuture().isCompletedExceptionally()) {
                    sent.put(
                            claim.channel(),
                            publisher.async().spublish(claim.channel().toString(), message));
                }
            }
            return sent.values().stream()
                    .allMatch(future -> future.toCompletableFuture().isDone()
                            && !future.toCompletableFuture().isCompletedExceptionally());
        });
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(this.claims)
                        .allSatisfy(claim -> assertThat(this.received.getOrDefault(claim.channel(), List.of()))
                                .containsOnlyOnce(message)));
    }

    private static RedisNode owner(ChannelName channel) {
        return cluster.owner(RedisCluster.slot(channel.toString()));
    }

    private static NodeAddress address(RedisNode node) {
        return new NodeAddress(node.host(), node.port());
    }

    private void requireAllAtTheirOwners() {
        await().atMost(LIMIT).untilAsserted(() -> {
            Map<NodeAddress, BitSet> slots = new HashMap<>();
            cluster.masters().forEach(master -> slots.put(address(master), cluster.slotsOf(master)));
            assertThat(this.claims)
                    .allSatisfy(claim -> assertThat(this.subscriptions.channel(claim.channel()))
                            .hasValueSatisfying(status -> assertThat(slots.getOrDefault(status.node(), new BitSet())
                                            .get(status.slot()))
                                    .as("%s", status)
                                    .isTrue()));
        });
    }

    private static void moveThereWith(ChannelName channel, SlotMove order) {
        cluster.moveSlot(RedisCluster.slot(channel.toString()), cluster.otherMaster(owner(channel)), order);
    }

    @Test
    @Order(1)
    void manyChannelsOverAllSlotsAndNodesAndAllReleased() {
        subscribe(channels("many-", 3_000));
        requireDelivery();
        assertThat(this.subscriptions.nodes()).hasSize(3).allMatch(NodeStatus::connected);
        requireAllAtTheirOwners();

        List<CompletableFuture<Void>> ended =
                this.claims.stream().map(ShardSubscription::release).toList();
        await().atMost(LIMIT).until(() -> ended.stream().allMatch(CompletableFuture::isDone));
        assertThat(cluster.nodes())
                .allSatisfy(node ->
                        assertThat(node.command("PUBSUB", "SHARDCHANNELS")).isEmpty());
    }

    @ParameterizedTest
    @EnumSource
    @Order(2)
    void aMovingSlotIsFollowedInOrderAndWithoutDoublesUnderAPublisher(SlotMove order) throws Exception {
        ChannelName moving = ChannelName.of("moving-" + order);
        subscribe(channels("still-", 30));
        subscribe(List.of(moving));
        AtomicInteger handedOver = new AtomicInteger();
        this.subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void handedOver(ChannelName channel, NodeAddress from, NodeAddress to) {
                handedOver.incrementAndGet();
            }
        });
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Void> publishing = CompletableFuture.runAsync(() -> {
            try (StatefulRedisClusterConnection<String, String> connection = client.connect()) {
                for (int i = 0; !stop.get(); i++) {
                    try {
                        connection.sync().spublish(moving.toString(), String.format("%09d", i));
                    } catch (RuntimeException moved) {
                        // at most once: what cannot be published is not
                    }
                }
            }
        });
        for (int i = 0; i < 4; i++) {
            moveThereWith(moving, order);
            requireAllAtTheirOwners();
            List<String> sofar = this.received.getOrDefault(moving, List.of());
            int before = sofar.size();
            await().atMost(LIMIT)
                    .until(() -> this.received.getOrDefault(moving, List.of()).size() > before + 20);
        }
        stop.set(true);
        publishing.get();

        assertThat(this.received.get(moving)).doesNotHaveDuplicates().isSorted();
        awaitAllSubscribed();
        requireDelivery();
        assertThat(this.subscriptions.channel(moving))
                .hasValueSatisfying(status ->
                        assertThat(status.interruptions() + handedOver.get()).isGreaterThanOrEqualTo(4));
    }

    @Test
    @Order(3)
    void theSameOwnerSaidAgainChangesNothing() {
        subscribe(channels("again-", 30));
        for (int i = 0; i < 5; i++) {
            cluster.assignAgain(RedisCluster.slot("again-" + i));
        }
        awaitAllSubscribed();
        requireDelivery();
        requireAllAtTheirOwners();
    }

    @Test
    @Order(4)
    void killedConnectionsComeBackWithAllTheirChannels() {
        subscribe(channels("killed-", 500));
        for (int i = 0; i < 3; i++) {
            AtomicInteger connected = new AtomicInteger();
            this.subscriptions.addObserver(new SubscriptionObserver() {

                @Override
                public void connected(NodeAddress node) {
                    connected.incrementAndGet();
                }
            });
            assertThat(cluster.killClients("pubsub")).isEqualTo(3);
            await().atMost(LIMIT).untilAtomic(connected, equalTo(3));
            awaitAllSubscribed();
            requireDelivery();
        }
    }

    @Test
    @Order(5)
    void checkOfAllOnAHealthyClusterInterruptsNothing() {
        subscribe(channels("checked-", 500));
        assertThat(this.subscriptions.check(null)).succeedsWithin(LIMIT).isEqualTo(500);
        assertThat(this.subscriptions.channels()).allMatch(status -> status.interruptions() == 0);
        requireDelivery();
    }

    @Test
    @Order(6)
    void aUserWithoutTheChannelIsRefusedAndServedOnceAllowed() {
        for (RedisNode node : cluster.nodes()) {
            node.command("ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "resetchannels", "&allowed*");
        }
        RedisClusterClient limited = RedisClusterClient.create(uris("limited"));
        this.subscriptions.close();
        this.subscriptions = observed(
                SlotFollowingSubscriptions.start(limited, uris("limited").get(0), SubscriptionSettings.DEFAULTS));
        try {
            ChannelName forbidden = ChannelName.of("forbidden-{x}");
            List<ChannelName> together =
                    List.of(ChannelName.of("allowed-{x}"), forbidden, ChannelName.of("allowed-too-{x}"));
            List<ShardSubscription> asked = this.subscriptions.subscribe(together, this::receive);
            assertThat(asked.get(0).confirmed()).succeedsWithin(LIMIT);
            assertThat(asked.get(2).confirmed()).succeedsWithin(LIMIT);
            assertThat(asked.get(1).confirmed())
                    .failsWithin(LIMIT)
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(ShardSubscriptionRefusedException.class)
                    .withMessageContaining("NOPERM");
            assertThat(this.subscriptions.counts()).containsEntry(ChannelState.REFUSED, 1);
            assertThat(owner(forbidden).command("CLIENT", "LIST", "TYPE", "pubsub"))
                    .contains("user=limited")
                    .doesNotContain("user=default");

            for (RedisNode node : cluster.nodes()) {
                node.command("ACL", "SETUSER", "limited", "&forbidden*");
            }
            this.claims.addAll(asked);
            this.claims.remove(1);
            subscribe(List.of(forbidden));
            // two claims share the channel now
            asked.get(1).release();
            requireDelivery();
        } finally {
            this.subscriptions.close();
            limited.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        }
    }

    @Test
    @Order(7)
    void anOrderlyFailoverIsFollowed() {
        subscribe(channels("failover-", 100));
        RedisNode master = cluster.masters().get(0);
        RedisNode replica = cluster.replicasOf(master).get(0);
        cluster.failover(replica);
        // the old master, a replica now, accepts the subscriptions again and delivers what its shard gets
        awaitAllSubscribed();
        requireDelivery();
    }

    @Test
    @Order(8)
    void aKilledMastersChannelsAreTakenToThePromotedReplica() {
        subscribe(channels("dead-", 100));
        RedisNode master = cluster.masters().get(1);
        RedisNode replica = cluster.replicasOf(master).get(0);
        master.kill();
        // while nobody serves its slots: a node that is down at first
        this.claims.addAll(this.subscriptions.subscribe(channels("late-", 100), this::receive));
        await().atMost(LIMIT).until(() -> replica.role() == RedisNode.Role.MASTER);
        awaitAllSubscribed();
        requireAllAtTheirOwners();
        requireDelivery();
        master.restart();
        requireDelivery();
    }

    @Test
    @Order(9)
    void aMoveBetweenMastersOfOneShardDoublesNothing() {
        assumeTrue(cluster.has(ServerTrait.NAMES_SHARDS));
        RedisNode master = cluster.masters().stream()
                .filter(any -> !cluster.replicasOf(any).isEmpty())
                .findFirst()
                .orElseThrow();
        RedisNode promoted = cluster.replicasOf(master).get(0);
        ChannelName kept = ChannelName.of(cluster.channelOwnedBy(master, "kept"));
        int slot = RedisCluster.slot(kept.toString());
        master.freeze();
        promoted.command("CLUSTER", "DELSLOTS", Integer.toString(slot));
        promoted.command("CLUSTER", "FAILOVER", "TAKEOVER");
        master.thaw();
        await().atMost(LIMIT).until(() -> cluster.slotsOf(master).cardinality() == 1);
        cluster.awaitAgreement();
        subscribe(List.of(kept));
        AtomicInteger strays = new AtomicInteger();
        this.subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void strayMessage(ChannelName channel, NodeAddress node) {
                strays.incrementAndGet();
            }
        });
        promoted.command("CLUSTER", "SETSLOT", Integer.toString(slot), "IMPORTING", master.id());
        master.command("CLUSTER", "SETSLOT", Integer.toString(slot), "MIGRATING", promoted.id());
        await().atMost(LIMIT)
                .until(() -> promoted.command("INFO", "commandstats").contains("cluster|myshardid"));
        for (int i = 0; i < 10; i++) {
            requireDelivery();
        }
        assertThat(promoted.command("PUBSUB", "SHARDCHANNELS")).isEmpty();
        passOnMuchAndMove(kept, master, promoted);
        cluster.reparent(master, promoted);
        requireAllAtTheirOwners();
        awaitAllSubscribed();
        requireDelivery();
        assertThat(strays).hasValue(0);
        assertThat(this.received.get(kept)).doesNotHaveDuplicates();
    }

    /**
     * So much that the rest of it is on its way from one to the other still when the slot has moved. The first does not give the second
     * up meanwhile, and what it has for it, as it would after half the node time-out.
     */
    private void passOnMuchAndMove(ChannelName channel, RedisNode from, RedisNode to) {
        int slot = RedisCluster.slot(channel.toString());
        List<String> messages = this.received.computeIfAbsent(channel, any -> new CopyOnWriteArrayList<>());
        int before = messages.size();
        String text = "x".repeat(4_000);
        from.command("CONFIG", "SET", "cluster-node-timeout", "60000");
        to.freeze();
        for (int i = 0; i < PASSED_ON; i++) {
            publisher.async().spublish(channel.toString(), i + text);
        }
        await().atMost(LIMIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> messages.size() >= before + PASSED_ON);
        to.thaw();
        to.command("CLUSTER", "SETSLOT", Integer.toString(slot), "NODE", to.id());
        try {
            from.command("CLUSTER", "SETSLOT", Integer.toString(slot), "NODE", to.id());
        } catch (RedisReplyException ex) {
            // Valkey's master became a replica when it had heard who has taken its last slot
            assertThat(ex.error()).contains("only with masters");
        }
        from.command("CONFIG", "SET", "cluster-node-timeout", "1000");
        cluster.awaitAgreement();
    }
}
