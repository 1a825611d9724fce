package io.github.shardedpubsub.subscription.faults;

import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.RECOVERY;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.address;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.channels;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.slot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.health.contributor.Status;

/** Nodes that join and leave, slots that nobody serves, and a cluster that serves nothing. */
@LiveTest
@ExtendWith(BufferLeaks.class)
class MembershipFaultTests {

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
        cluster.awaitAgreement();
        this.application = ObservedSubscriptions.on(cluster);
    }

    @AfterEach
    void close() {
        this.application.close();
    }

    private ShardSubscription subscribe(String channel) {
        return this.application.subscriptions().subscribe(ChannelName.of(channel), (name, payload) -> {});
    }

    private static RedisNode owner(ChannelName channel) {
        return cluster.owner(slot(channel));
    }

    /** Since their slot went once; and not at all where that was seen coming. */
    private void assertEachInterruptedOnceAtMost(List<ChannelName> channels) {
        assertThat(channels)
                .allSatisfy(channel -> assertThat(this.application.interruptions(channel))
                        .hasSizeLessThanOrEqualTo(1)
                        .allSatisfy(interruption ->
                                assertThat(interruption.cause()).isEqualTo(InterruptionCause.ENDED_BY_SERVER)));
    }

    private void awaitNoConnectionTo(RedisNode node) {
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(this.application.subscriptions().nodes())
                        .extracting(NodeStatus::address)
                        .doesNotContain(address(node)));
    }

    @Test
    void aNodeThatWasUnknownServesTheSlotsItIsGiven() {
        List<ChannelName> channels = channels("given-away", 5);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            RedisNode added = cluster.addNode();
            channels.forEach(channel -> cluster.moveSlot(slot(channel), added));
            traffic.verify("slots given to a node unknown so far");
            this.application.awaitAtOwners(channels);
            assertThat(this.application.subscriptions().nodes())
                    .extracting(NodeStatus::address)
                    .contains(address(added));
        }
        assertEachInterruptedOnceAtMost(channels);
    }

    @Test
    void aNodeThatIsDrainedForgottenAndShutDownIsLeft() {
        RedisNode leaving = cluster.addNode();
        // a share of the slots that a node of its size would have, and not only those of our channels
        RedisNode giving = cluster.masters().get(0);
        List<ChannelName> channels = channels("drained", 200);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            cluster.drain(giving);
            traffic.awaitFlowing();
            this.application.awaitAtOwners(channels);
            traffic.verify("all slots of a master moved");
        }
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            cluster.forget(giving);
            traffic.verify("drained node forgotten and shut down");
        }
        // kept warm as long as it was an upstream node of the cluster
        awaitNoConnectionTo(giving);
        this.application.awaitAllConfirmed();
        assertThat(this.application.health().getStatus()).isEqualTo(Status.UP);
        assertThat(owner(channels.get(0))).isNotEqualTo(giving);
        assertThat(cluster.slotsOf(leaving).isEmpty()).isFalse();
    }

    @Test
    void slotsThatAreDeletedAreFoundWhereTheyAreAddedSecondsLater() {
        List<ChannelName> channels = channels("deleted", 3);
        List<ChannelName> staying = channels("not-deleted", 10);
        int[] slots = channels.stream().mapToInt(ObservedSubscriptions::slot).toArray();
        RedisNode next = cluster.otherMaster(owner(channels.get(0)));
        try (NumberedTraffic traffic = this.application.trafficOn(channels);
                NumberedTraffic others = this.application.trafficOn(staying)) {
            cluster.deleteSlots(slots);
            await().atMost(RECOVERY)
                    .untilAsserted(() -> assertThat(channels).allSatisfy(channel -> {
                        assertThat(this.application.status(channel).state()).isEqualTo(ChannelState.INTERRUPTED);
                        assertThat(this.application.status(channel).lastError())
                                .containsAnyOf("CLUSTERDOWN", "no node is known to serve slot");
                    }));
            int asked = this.application.units.get();
            assertThat(this.application.health().getStatus()).isEqualTo(Status.DOWN);
            // seconds, in which they are asked for again and again, but not without end
            await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
            assertThat(this.application.units.get() - asked).isLessThanOrEqualTo(15 * channels.size());
            cluster.addSlots(next, slots);
            traffic.verify("slots deleted, and added elsewhere three seconds later");
            others.verify("others, meanwhile in a cluster in state fail");
        }
        assertThat(channels)
                .allSatisfy(channel ->
                        assertThat(this.application.status(channel).node()).isEqualTo(address(next)));
        assertEachInterruptedOnceAtMost(channels);
        assertThat(staying)
                .allSatisfy(channel ->
                        assertThat(this.application.interruptions(channel)).isEmpty());
    }

    @Test
    void aClusterInStateFailKeepsItsSubscribersAndTakesNewOnes() {
        RedisNode dying = cluster.masters().get(1);
        List<ChannelName> all = channels("failing", 60);
        List<ChannelName> lost =
                all.stream().filter(channel -> owner(channel).equals(dying)).toList();
        List<ChannelName> kept =
                all.stream().filter(channel -> !lost.contains(channel)).toList();
        try (NumberedTraffic traffic = this.application.trafficOn(all)) {
            dying.kill();
            await().atMost(RECOVERY)
                    .untilAsserted(() -> assertThat(cluster.masters())
                            .allMatch(node -> node.command("CLUSTER", "INFO").contains("cluster_state:fail")));
            // its nodes take subscribers even so (cluster-allow-pubsubshard-when-down)
            ShardSubscription late = subscribe(RedisCluster.channelInSlot(slot(kept.get(0)), "late"));
            assertThat(late.confirmed()).succeedsWithin(RECOVERY);
            ShardSubscription waiting = subscribe(RedisCluster.channelInSlot(slot(lost.get(0)), "waiting"));
            dying.restart();
            traffic.verify("cluster in state fail and back");
            assertThat(waiting.confirmed()).succeedsWithin(RECOVERY);
        }
        assertThat(kept)
                .isNotEmpty()
                .allSatisfy(channel ->
                        assertThat(this.application.interruptions(channel)).isEmpty());
        assertThat(lost)
                .isNotEmpty()
                .allSatisfy(channel -> assertThat(this.application.interruptions(channel))
                        .singleElement()
                        .satisfies(interruption ->
                                assertThat(interruption.cause()).isEqualTo(InterruptionCause.CONNECTION_LOST)));
    }
}
