package io.github.shardedpubsub.subscription.faults;

import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.RECOVERY;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.address;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.channels;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.slot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.SlotMove;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Slots that move between masters, in every order and at every bad moment. */
@LiveTest
@ExtendWith(BufferLeaks.class)
class SlotMoveFaultTests {

    private static RedisCluster cluster;

    private ObservedSubscriptions application;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.start(3, 0);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @BeforeEach
    void open() {
        this.application = ObservedSubscriptions.on(cluster);
    }

    @AfterEach
    void close() {
        this.application.close();
    }

    private static RedisNode owner(ChannelName channel) {
        return cluster.owner(slot(channel));
    }

    private static void moveAway(ChannelName channel) {
        moveAway(channel, SlotMove.TARGET_FIRST);
    }

    private static void moveAway(ChannelName channel, SlotMove order) {
        cluster.moveSlot(slot(channel), cluster.otherMaster(owner(channel)), order);
    }

    @ParameterizedTest
    @EnumSource
    void aMovedSlotIsFollowedAndNoOtherChannelNoticesIt(SlotMove order) {
        ChannelName moving = ChannelName.of("moving-" + order);
        List<ChannelName> staying = channels("staying", 10);
        RedisNode from = owner(moving);
        try (NumberedTraffic traffic = this.application.trafficOn(List.of(moving));
                NumberedTraffic others = this.application.trafficOn(staying)) {
            moveAway(moving, order);
            traffic.verify("slot moved, " + order);
            others.verify("others stay");
        }
        assertThat(this.application.interruptions(moving)).isNotEmpty().allSatisfy(interruption -> {
            assertThat(interruption.cause()).isEqualTo(InterruptionCause.ENDED_BY_SERVER);
            assertThat(interruption.duration()).isNotNull().isLessThan(RECOVERY);
        });
        assertThat(this.application.interruptions(moving).get(0).from()).isEqualTo(address(from));
        this.application.awaitAtOwners(List.of(moving));
        assertThat(staying)
                .allSatisfy(channel ->
                        assertThat(this.application.interruptions(channel)).isEmpty());
    }

    @Test
    void aSlotThatGoesThereAndBackQuicklyIsFollowedBack() {
        ChannelName moving = ChannelName.of("there-and-back");
        RedisNode home = owner(moving);
        RedisNode other = cluster.otherMaster(home);
        try (NumberedTraffic traffic = this.application.trafficOn(List.of(moving))) {
            for (int i = 0; i < 5; i++) {
                cluster.moveSlot(slot(moving), other);
                cluster.moveSlot(slot(moving), home);
            }
            traffic.verify("slot there and back, five times");
        }
        this.application.awaitAtOwners(List.of(moving));
        assertThat(this.application.interruptions(moving)).hasSizeBetween(1, 12);
    }

    @Test
    void manySlotsThatMoveOneAfterAnotherAreAllFollowed() {
        List<ChannelName> moving = channels("many", 20);
        try (NumberedTraffic traffic = this.application.trafficOn(moving)) {
            moving.forEach(SlotMoveFaultTests::moveAway);
            traffic.verify("20 slots one after another");
        }
        this.application.awaitAtOwners(moving);
    }

    @Test
    void aSlotThatMovesWhileConnectionsAreLostIsFound() throws Exception {
        List<ChannelName> moving = channels("lost-and-moved", 10);
        try (NumberedTraffic traffic = this.application.trafficOn(moving)) {
            AtomicBoolean moved = new AtomicBoolean();
            CompletableFuture<Void> losing = CompletableFuture.runAsync(() -> {
                while (!moved.get()) {
                    cluster.nodes().forEach(node -> node.killClients("pubsub"));
                }
            });
            moving.forEach(SlotMoveFaultTests::moveAway);
            moved.set(true);
            losing.get(RECOVERY.toSeconds(), TimeUnit.SECONDS);
            traffic.verify("slots moved while connections are lost");
        }
        assertThat(this.application.transitions())
                .extracting(transition -> transition.interruption())
                .filteredOn(interruption -> interruption != null)
                .extracting(interruption -> interruption.cause())
                .contains(InterruptionCause.CONNECTION_LOST);
        this.application.awaitAtOwners(moving);
    }

    @Test
    void aSlotThatMovesDuringTheSubscribingIsSubscribedWhereItIs() throws Exception {
        List<ChannelName> channels = channels("subscribed-meanwhile-{x}", 400);
        CompletableFuture<Void> moves = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 6; i++) {
                moveAway(channels.get(0));
            }
        });
        for (ChannelName channel : channels) {
            this.application.subscriptions().subscribe(channel, (name, payload) -> {});
        }
        moves.get(RECOVERY.toSeconds(), TimeUnit.SECONDS);
        this.application.awaitAllConfirmed();
        try (NumberedTraffic traffic = this.application.trafficOn(channels.subList(0, 20))) {
            traffic.verify("slot moved during subscribing");
        }
        this.application.awaitAtOwners(channels);
        assertThat(this.application.subscriptions().counts()).containsEntry(ChannelState.SUBSCRIBED, channels.size());
    }

    @Test
    void aSlotThatMovesDuringTheUnsubscribingLeavesOnlyWhatIsWanted() throws Exception {
        List<ChannelName> leaving = channels("leaving-{y}", 400);
        List<ShardSubscription> claims = this.application.subscriptions().subscribe(leaving, (channel, payload) -> {});
        this.application.awaitAllConfirmed();
        ChannelName staying = ChannelName.of("staying-{y}");
        try (NumberedTraffic traffic = this.application.trafficOn(List.of(staying))) {
            CompletableFuture<Void> moves = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 6; i++) {
                    moveAway(staying);
                }
            });
            List<CompletableFuture<Void>> ended =
                    claims.stream().map(ShardSubscription::release).toList();
            assertThat(ended).allSatisfy(end -> assertThat(end).succeedsWithin(RECOVERY));
            moves.get(RECOVERY.toSeconds(), TimeUnit.SECONDS);
            traffic.verify("slot moved during unsubscribing");
        }
        assertThat(this.application.subscriptions().channels())
                .extracting(status -> status.channel())
                .containsExactly(staying.toString());
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(cluster.nodes())
                        .flatExtracting(node ->
                                node.command("PUBSUB", "SHARDCHANNELS").lines().toList())
                        .containsExactly(staying.toString()));
    }

    @Test
    void aSlotThatIsAssignedToItsOwnerAgainStaysWhereItIs() {
        List<ChannelName> channels = channels("assigned-again", 10);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            for (int i = 0; i < 3; i++) {
                channels.forEach(channel -> cluster.assignAgain(slot(channel)));
                traffic.awaitFlowing();
            }
            traffic.verify("slot assigned again to its owner");
        }
        this.application.awaitAtOwners(channels);
        assertThat(channels)
                .allSatisfy(channel -> assertThat(this.application.interruptions(channel))
                        .hasSize(3)
                        .allMatch(interruption -> interruption.cause() == InterruptionCause.ENDED_BY_SERVER));
    }

    @Test
    void slotsThatMigrateAtomicallyAreFollowed() {
        RedisNode source = cluster.masters().get(0);
        RedisNode target = cluster.otherMaster(source);
        assumeFalse(
                source.command("COMMAND", "INFO", "CLUSTER|MIGRATESLOTS").isBlank(),
                () -> cluster.serverVersion() + " has no CLUSTER MIGRATESLOTS; Valkey 9 has");
        BitSet slots = cluster.slotsOf(source);
        int first = slots.nextSetBit(0);
        int last = Math.min(slots.nextClearBit(first) - 1, first + 500);
        List<ChannelName> moving = channels("atomic", 400).stream()
                .filter(channel -> slot(channel) >= first && slot(channel) <= last)
                .limit(20)
                .toList();
        assertThat(moving).isNotEmpty();
        try (NumberedTraffic traffic = this.application.trafficOn(moving)) {
            source.command(
                    "CLUSTER",
                    "MIGRATESLOTS",
                    "SLOTSRANGE",
                    Integer.toString(first),
                    Integer.toString(last),
                    "NODE",
                    target.id());
            await().atMost(RECOVERY)
                    .until(() ->
                            moving.stream().allMatch(channel -> owner(channel).equals(target)));
            traffic.verify("slots migrated atomically");
        }
        this.application.awaitAtOwners(moving);
        assertThat(moving)
                .allSatisfy(channel -> assertThat(this.application.interruptions(channel))
                        .isNotEmpty()
                        .allMatch(interruption -> interruption.cause() == InterruptionCause.ENDED_BY_SERVER));
    }
}
