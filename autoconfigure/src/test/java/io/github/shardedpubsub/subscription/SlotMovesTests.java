package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.subscription.SimulatedCluster.Node;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Slots move, end and come back; subscriptions go with them. */
class SlotMovesTests {

    private final Simulation simulation = new Simulation(2, 3);

    private Node source = this.simulation.cluster.nodes.get(0);

    private Node target = this.simulation.cluster.nodes.get(1);

    @BeforeEach
    void subscribe() {
        this.simulation.cluster.topologyKnown();
        this.simulation.subscribed("a");
        this.simulation.run(Duration.ofSeconds(6));
        this.source = this.simulation.owner("a");
        this.target = this.simulation.cluster.other(this.source);
    }

    private String at(Node node) {
        return "+a@" + node.address.host();
    }

    @Test
    void theNodeThatEndedTheSubscriptionIsAskedAtOnceAndItsRedirectIsFollowedAtOnce() {
        int before = this.simulation.unitCount();
        this.simulation.cluster.move(this.simulation.slot("a"), this.target);
        this.simulation.until(() -> this.target.holds(Simulation.channel("a")));
        this.simulation.run(Duration.ofMinutes(1));

        assertThat(this.simulation.unitsFrom(before)).containsExactly(at(this.source), at(this.target));
        assertThat(this.simulation.isSubscribed("a")).isTrue();
        assertThat(this.simulation.status("a").node()).isEqualTo(this.target.address);
    }

    @Test
    void aKnownConnectionMakesAMoveTwoRoundTrips() {
        this.simulation.subscribed("{" + channelAt(this.target) + "}x");
        long before = this.simulation.time.nanoTime();
        this.simulation.cluster.move(this.simulation.slot("a"), this.target);
        this.simulation.until(() -> this.target.holds(Simulation.channel("a")));

        assertThat(Duration.ofNanos(this.simulation.time.nanoTime() - before)).isLessThan(Duration.ofMillis(10));
        assertThat(this.simulation.retries).isZero();
    }

    private String channelAt(Node node) {
        for (int i = 0; ; i++) {
            if (this.simulation.owner("c" + i) == node) {
                return "c" + i;
            }
        }
    }

    private boolean isConfirmedAt(Node node) {
        return this.simulation.isSubscribed("a")
                && node.address.equals(this.simulation.status("a").node());
    }

    @Test
    void aMoveThereAndBackComesBack() {
        for (int i = 0; i < 5; i++) {
            this.simulation.cluster.move(this.simulation.slot("a"), this.target);
            this.simulation.until(() -> isConfirmedAt(this.target));
            this.simulation.cluster.move(this.simulation.slot("a"), this.source);
            this.simulation.until(() -> isConfirmedAt(this.source));
        }
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(10);
        assertThat(this.target.holds(Simulation.channel("a"))).isFalse();
    }

    @Test
    void theSourceKnowsBeforeTheTargetDoes() {
        int slot = this.simulation.slot("a");
        int before = this.simulation.unitCount();
        this.simulation.cluster.assign(slot, this.target);
        this.source.learn(slot);
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.INTERRUPTED);
        assertThat(this.simulation.unitCount() - before)
                .as("no storm while source and target point at each other")
                .isLessThan(60);

        this.target.learn(slot);
        this.simulation.until(() -> this.simulation.isSubscribed("a"));
        assertThat(this.target.holds(Simulation.channel("a"))).isTrue();
    }

    @Test
    void redirectsInALoopAreNoHotLoop() {
        int slot = this.simulation.slot("a");
        this.source.believe(slot, this.target);
        this.target.believe(slot, this.source);
        int before = this.simulation.unitCount();
        this.source.endSubscriptions(slot);
        this.simulation.run(Duration.ofMinutes(1));

        assertThat(this.simulation.unitCount() - before).isLessThan(1_000);
        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.INTERRUPTED);
        assertThat(this.simulation.status("a").lastError()).startsWith("MOVED");

        this.source.believe(slot, this.source);
        this.simulation.until(() -> this.simulation.isSubscribed("a"));
    }

    @Test
    void theSameOwnerAssignedAgainIsAskedAgainAtOnce() {
        int before = this.simulation.unitCount();
        this.source.endSubscriptions(this.simulation.slot("a"));
        this.simulation.until(() -> this.simulation.unitCount() > before && this.simulation.isSubscribed("a"));

        assertThat(this.simulation.unitsFrom(before)).containsExactly(at(this.source));
    }

    @Test
    void aSubscriptionConfirmedAndEndedAgainAndAgainIsNoHotLoop() {
        int slot = this.simulation.slot("a");
        this.source.flapping.add(slot);
        int before = this.simulation.unitCount();
        this.source.endSubscriptions(slot);
        this.simulation.run(Duration.ofMinutes(1));
        assertThat(this.simulation.unitCount() - before).isLessThan(100);

        this.source.flapping.clear();
        this.simulation.run(Duration.ofSeconds(3));
        assertThat(this.simulation.isSubscribed("a")).isTrue();
        assertThat(this.source.holds(Simulation.channel("a"))).isTrue();
    }

    @Test
    void aDeletedSlotIsAskedForWithBackoffForEverAndComesBackWithItsOwner() {
        int slot = this.simulation.slot("a");
        this.simulation.cluster.assign(slot, null);
        this.simulation.cluster.nodes.forEach(node -> node.learn(slot));
        int before = this.simulation.unitCount();
        this.simulation.run(Duration.ofMinutes(10));
        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.INTERRUPTED);
        assertThat(this.simulation.status("a").lastError()).isNotNull();
        assertThat(this.simulation.unitCount() - before).isLessThan(700);

        this.simulation.cluster.assign(slot, this.target);
        this.simulation.cluster.nodes.forEach(node -> node.learn(slot));
        this.simulation.run(Duration.ofSeconds(3));
        assertThat(this.target.holds(Simulation.channel("a"))).isTrue();
        assertThat(this.simulation.isSubscribed("a")).isTrue();
    }

    @Test
    void aSlotThatMovesWhileItIsUnsubscribedEndsAllTheSame() {
        ShardSubscription claim = this.simulation.subscribed("b");
        Node owner = this.simulation.owner("b");
        CompletableFuture<Void> ended = claim.release();
        this.simulation.cluster.move(this.simulation.slot("b"), this.simulation.cluster.other(owner));
        this.simulation.until(ended::isDone);
        this.simulation.run(Duration.ofSeconds(5));

        assertThat(this.simulation.cluster.nodes).noneMatch(node -> node.holds(Simulation.channel("b")));
        assertThat(this.simulation.subscriptions.channel(Simulation.channel("b")))
                .isEmpty();
    }

    @Test
    void aChannelClaimedAgainWhoseNewSubscribeFailsIsNotToldAsSubscribed() {
        ShardSubscription first = this.simulation.subscribed("b");
        Node owner = this.simulation.owner("b");
        int before = this.simulation.unitCount();
        first.release();
        this.simulation.until(() -> this.simulation.unitCount() > before);
        ShardSubscription again = this.simulation.claim("b");
        this.simulation.run(Duration.ofNanos(100_000));
        owner.error = "CLUSTERDOWN The cluster is down";
        this.simulation.run(Duration.ofSeconds(5));

        assertThat(again.confirmed()).isNotDone();
        assertThat(this.simulation.state("b")).isNotEqualTo(ChannelState.SUBSCRIBED);
        assertThat(this.simulation.status("b").lastError()).contains("CLUSTERDOWN");

        owner.error = null;
        this.simulation.until(() -> again.confirmed().isDone());
        assertThat(this.simulation.isSubscribed("b")).isTrue();
    }

    @Test
    void anEndingThatOvertakesItsConfirmationIsNotForgotten() {
        // the pipe's event loop can tell of the ending before the subscriptions' thread has looked at the outcome
        this.simulation.cluster.confirmationsComeLate = true;
        this.source.flapping.add(this.simulation.slot("a"));
        this.source.endSubscriptions(this.simulation.slot("a"));
        this.simulation.run(Duration.ofMillis(20));
        this.source.flapping.clear();
        this.simulation.cluster.confirmationsComeLate = false;
        this.simulation.run(Duration.ofSeconds(5));

        assertThat(this.simulation.isSubscribed("a")).isTrue();
        assertThat(this.source.holds(Simulation.channel("a"))).isTrue();
    }

    @Test
    void messagesComeOnceAndInOrderWhileTheSlotMoves() {
        this.simulation.cluster.longestDelay = Duration.ofNanos(400_000);
        for (int i = 0; i < 200; i++) {
            this.simulation.publish("a", String.format("%03d", i));
            this.simulation.run(Duration.ofNanos(200_000));
            if (i % 40 == 20) {
                Node owner = this.simulation.owner("a");
                this.simulation.cluster.move(this.simulation.slot("a"), this.simulation.cluster.other(owner));
            }
        }
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages)
                .hasSizeGreaterThan(100)
                .doesNotHaveDuplicates()
                .isSorted();
    }

    @Test
    void checkFindsASubscriptionThatDiedWithoutAWord() {
        int slot = this.simulation.slot("a");
        this.source.forgetSubscriptions(slot);
        this.simulation.cluster.assign(slot, this.target);
        this.simulation.cluster.nodes.forEach(node -> node.learn(slot));
        this.simulation.run(Duration.ofMinutes(1));
        assertThat(this.target.holds(Simulation.channel("a"))).isFalse();

        CompletableFuture<Integer> checked = this.simulation.subscriptions.check(null);
        this.simulation.until(checked::isDone);
        assertThat(checked).isCompletedWithValue(1);
        this.simulation.until(() -> this.target.holds(Simulation.channel("a")));
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.isSubscribed("a")).isTrue();
        assertThat(this.simulation.status("a").node()).isEqualTo(this.target.address);
    }

    @Test
    void checkOfOneChannelThatIsAliveChangesNothing() {
        int before = this.simulation.unitCount();
        CompletableFuture<Integer> checked = this.simulation.subscriptions.check(Simulation.channel("a"));
        this.simulation.until(checked::isDone);
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(checked).isCompletedWithValue(1);
        assertThat(this.simulation.unitsFrom(before)).containsExactly(at(this.source));
        assertThat(this.simulation.status("a").interruptions()).isZero();
    }

    @Test
    void checkOfABusyNodeInterruptsNothing() {
        this.source.error = "BUSY Redis is busy running a script";
        CompletableFuture<Integer> checked = this.simulation.subscriptions.check(null);
        this.simulation.until(checked::isDone);
        this.source.error = null;
        this.simulation.publish("a", "one");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.status("a").interruptions()).isZero();
        assertThat(this.simulation.messages).containsExactly("a:one");
    }

    @Test
    void checkOfAChannelNobodyWantsIsDoneAtOnce() {
        CompletableFuture<Integer> checked = this.simulation.subscriptions.check(Simulation.channel("nobody's"));
        this.simulation.run(Duration.ofMillis(1));

        assertThat(checked).isCompletedWithValue(0);
    }

    @Test
    void interruptionsAreToldInOrderWithTheirDurations() {
        this.simulation.transitions.clear();
        this.simulation.cluster.move(this.simulation.slot("a"), this.target);
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.transitions)
                .extracting(ChannelTransition::to)
                .containsExactly(ChannelState.INTERRUPTED, ChannelState.SUBSCRIBED);
        assertThat(this.simulation.transitions.get(0)).satisfies(begun -> {
            assertThat(begun.node()).isEqualTo(this.source.address);
            assertThat(begun.interruption()).isNotNull().satisfies(interruption -> {
                assertThat(interruption.cause()).isEqualTo(InterruptionCause.ENDED_BY_SERVER);
                assertThat(interruption.duration()).isNull();
            });
        });
        assertThat(this.simulation.transitions.get(1)).satisfies(over -> {
            assertThat(over.node()).isEqualTo(this.target.address);
            assertThat(over.interruption())
                    .isNotNull()
                    .satisfies(interruption -> assertThat(interruption.from()).isEqualTo(this.source.address));
        });
        assertThat(this.simulation.subscriptions.lastMoves())
                .containsExactly(this.simulation.transitions.get(1), this.simulation.transitions.get(0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aMasterThatHasBecomeAReplicaIsLeftForItsNewMaster(boolean keepsSubscriptions) {
        Node old = this.simulation.owner("a");
        old.replicaKeepsSubscriptions = keepsSubscriptions;
        Node promoted = this.simulation.cluster.other(old);
        this.simulation.cluster.demote(old, promoted);
        // published in the shard, it comes from both
        this.simulation.until(() -> old.holds(Simulation.channel("a")));
        this.simulation.publishAt(old, "a", "1");
        this.simulation.until(() -> promoted.holds(Simulation.channel("a")));
        this.simulation.publishAt(promoted, "a", "1");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1");
        assertThat(promoted.holds(Simulation.channel("a"))).isTrue();
        assertThat(old.holds(Simulation.channel("a"))).isFalse();
        assertThat(this.simulation.status("a").node()).isEqualTo(promoted.address);
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
    }

    @Test
    void whatAMasterHasDeliveredAndPassesOnToItsSuccessorDoesNotComeAgain() {
        Node old = this.simulation.owner("a");
        Node promoted = this.simulation.cluster.other(old);
        old.passesOnTo = promoted;
        this.simulation.cluster.busDelay = Duration.ofMillis(100);
        this.simulation.publish("a", "1");
        this.simulation.cluster.demote(old, promoted);
        this.simulation.until(() -> promoted.holds(Simulation.channel("a")));
        this.simulation.publish("a", "2");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1", "a:2");
        assertThat(this.simulation.status("a").node()).isEqualTo(promoted.address);
        assertThat(promoted.subscribed())
                .as("nothing of our own stays behind")
                .containsExactly(Simulation.channel("a"));
    }

    @Test
    void norWhereTheMasterHadBeenPromotedItself() {
        Node old = this.simulation.owner("a");
        Node promoted = this.simulation.cluster.other(old);
        this.simulation.cluster.demote(old, promoted);
        this.simulation.run(Duration.ofSeconds(1));

        Node next = this.simulation.cluster.other(promoted);
        promoted.passesOnTo = next;
        this.simulation.cluster.busDelay = Duration.ofMillis(100);
        this.simulation.publish("a", "1");
        // what is published there for the next one is heard there, too, and at once
        this.simulation.cluster.demote(promoted, next);
        this.simulation.until(() -> next.holds(Simulation.channel("a")));
        this.simulation.publish("a", "2");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1", "a:2");
        assertThat(this.simulation.status("a").node()).isEqualTo(next.address);
    }

    @Test
    void withoutPermissionToPublishAFailoverIsFollowedAtOnce() {
        Node old = this.simulation.owner("a");
        Node promoted = this.simulation.cluster.other(old);
        old.deniesPublishing = true;
        this.simulation.cluster.demote(old, promoted);
        this.simulation.run(Duration.ofMillis(100));

        assertThat(this.simulation.status("a").node()).isEqualTo(promoted.address);
    }

    @Test
    void aReplicaThatTheTopologyTakesForAMasterIsNotBelieved() {
        String channel = channelAt(this.target);
        Node promoted = this.simulation.cluster.other(this.target);
        this.simulation.cluster.demote(this.target, promoted);
        this.simulation.claim(channel);
        this.simulation.run(Duration.ofMillis(100));
        this.simulation.publish(channel, "1");
        this.simulation.run(Duration.ofMillis(100));

        assertThat(this.simulation.messages).containsExactly(channel + ":1");
        assertThat(this.simulation.transitions)
                .filteredOn(transition -> transition.channel().equals(Simulation.channel(channel)))
                .filteredOn(transition -> transition.to() == ChannelState.SUBSCRIBED)
                .singleElement()
                .satisfies(confirmed -> assertThat(confirmed.node()).isEqualTo(promoted.address));
        assertThat(this.target.holds(Simulation.channel(channel))).isFalse();
    }

    @Test
    void whatTheSameOwnerSendsBeforeItHasSaidThatItIsOneIsDelivered() {
        Node owner = this.simulation.owner("a");
        owner.endSubscriptions(this.simulation.slot("a"));
        this.simulation.until(() -> !owner.holds(Simulation.channel("a")));
        this.simulation.until(() -> owner.holds(Simulation.channel("a")));
        this.simulation.publish("a", "1");
        this.simulation.publish("a", "2");
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.messages).containsExactly("a:1", "a:2");
    }
}
