package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.SimulatedCluster.Node;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Connections that are lost, refused or out of step, and servers that cannot serve. */
class ConnectionFaultsTests {

    private final Simulation simulation = new Simulation(3, 3);

    private final List<ChannelName> channels =
            IntStream.range(0, 60).mapToObj(i -> Simulation.channel("c" + i)).toList();

    private final Node node = this.simulation.cluster.nodes.get(0);

    @BeforeEach
    void subscribe() {
        this.simulation.cluster.topologyKnown();
        this.simulation.subscriptions.subscribe(this.channels, (name, payload) -> {});
        this.simulation.until(this::allSubscribed);
        this.simulation.run(Duration.ofSeconds(6));
    }

    private boolean allSubscribed() {
        return this.simulation.count(ChannelState.SUBSCRIBED) == this.channels.size();
    }

    private boolean allHeldByTheirOwners() {
        return this.channels.stream()
                .allMatch(channel -> this.simulation.cluster.owner(channel).holds(channel));
    }

    @Test
    void aLostConnectionBringsEverythingBackOverAllSlots() {
        int before = this.simulation.unitCount();
        this.simulation.cluster.nodes.forEach(Node::loseConnections);
        this.simulation.until(() -> this.simulation.count(ChannelState.INTERRUPTED) == 60);
        this.simulation.until(this::allSubscribed);

        assertThat(allHeldByTheirOwners()).isTrue();
        assertThat(this.simulation.subscriptions.channels()).allSatisfy(status -> {
            assertThat(status.interruptions()).isOne();
            assertThat(status.lastInterruption()).isNotNull().satisfies(interruption -> {
                assertThat(interruption.cause()).isEqualTo(InterruptionCause.CONNECTION_LOST);
                assertThat(interruption.duration()).isNotNull().isPositive();
            });
        });
        assertThat(this.simulation.unitCount() - before).isLessThanOrEqualTo(60);
        assertThat(this.simulation.cluster.opened)
                .as("three at first, and each of them once more")
                .isEqualTo(6);
    }

    @Test
    void aConnectionIsOpenedAnewOnRequestAndItsChannelsComeBack() {
        List<String> there = this.channels.stream()
                .filter(this.node::holds)
                .map(ChannelName::toString)
                .toList();

        assertThat(this.simulation.subscriptions.reconnect(this.node.address)).isTrue();
        this.simulation.until(() -> this.simulation.count(ChannelState.INTERRUPTED) > 0);
        this.simulation.until(this::allSubscribed);

        assertThat(allHeldByTheirOwners()).isTrue();
        assertThat(this.simulation.subscriptions.channels())
                .filteredOn(status -> status.interruptions() > 0)
                .hasSize(there.size())
                .allSatisfy(status -> {
                    assertThat(status.channel()).isIn(there);
                    assertThat(status.lastInterruption()).isNotNull().satisfies(interruption -> {
                        assertThat(interruption.cause()).isEqualTo(InterruptionCause.CONNECTION_LOST);
                        assertThat(interruption.detail()).isEqualTo("closed on request, to be opened anew");
                        assertThat(interruption.duration()).isNotNull();
                    });
                });
    }

    @Test
    void aConnectionThatWaitsForItsNextTryIsTriedAtOnceOnRequest() {
        this.node.refusesConnections = true;
        this.node.loseConnections();
        this.simulation.run(Duration.ofMinutes(10));
        this.node.refusesConnections = false;
        int before = this.simulation.cluster.opened;

        assertThat(this.simulation.subscriptions.reconnect(this.node.address)).isTrue();
        this.simulation.run(Duration.ofMillis(20));

        assertThat(this.simulation.cluster.opened).isEqualTo(before + 1);
        this.simulation.run(Duration.ofMillis(50));
        assertThat(allSubscribed()).isTrue();
        this.simulation.run(Duration.ofMinutes(1));
        assertThat(this.node.connections()).isOne();
    }

    @Test
    void nothingIsOpenedOnRequestToANodeThatIsNotConnectedTo() {
        int before = this.simulation.cluster.opened;

        assertThat(this.simulation.subscriptions.reconnect(new NodeAddress("nowhere", 1)))
                .isFalse();
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.cluster.opened).isEqualTo(before);
        assertThat(allSubscribed()).isTrue();
    }

    @Test
    void repliesOutOfStepAreTheReasonThatIsTold() {
        this.simulation.cluster.nodes.forEach(Node::answerOutOfStep);
        this.simulation.until(() -> this.simulation.count(ChannelState.INTERRUPTED) == 60);
        this.simulation.until(this::allSubscribed);

        assertThat(this.simulation.subscriptions.channels())
                .allSatisfy(status -> assertThat(status.lastInterruption())
                        .isNotNull()
                        .satisfies(interruption ->
                                assertThat(interruption.cause()).isEqualTo(InterruptionCause.OUT_OF_STEP)));
    }

    @Test
    void aSlotThatGotAnotherOwnerWhileTheConnectionWasLostIsSubscribedThere() {
        this.node.kill();
        this.simulation.until(() -> !allSubscribed());
        for (ChannelName channel : this.channels) {
            if (this.simulation.cluster.owner(channel) == this.node) {
                this.simulation.cluster.move(SimulatedCluster.slot(channel), this.simulation.cluster.other(this.node));
            }
        }
        this.simulation.until(this::allSubscribed);
        assertThat(allHeldByTheirOwners()).isTrue();
    }

    @Test
    void aMasterThatDiesIsLeftForThePromotedOneWithinASecond() {
        this.node.kill();
        this.simulation.run(Duration.ofSeconds(30));
        assertThat(allSubscribed()).isFalse();

        this.simulation.cluster.failOver(this.node, this.simulation.cluster.nodes.get(2));
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(allSubscribed()).isTrue();
        assertThat(allHeldByTheirOwners()).isTrue();
        this.simulation.run(Duration.ofSeconds(11));
        assertThat(this.simulation.subscriptions.nodes())
                .extracting(NodeStatus::address)
                .doesNotContain(this.node.address);
    }

    @Test
    void aNodeThatRefusesConnectionsIsTriedWithBackoffForEver() {
        this.node.refusesConnections = true;
        this.node.loseConnections();
        int before = this.simulation.cluster.opened;
        this.simulation.run(Duration.ofMinutes(10));
        assertThat(this.simulation.cluster.opened - before).isBetween(200, 800);
        assertThat(this.simulation.subscriptions.nodes())
                .filteredOn(status -> status.address().equals(this.node.address))
                .singleElement()
                .satisfies(status -> {
                    assertThat(status.connected()).isFalse();
                    assertThat(status.lastError()).isEqualTo("Connection refused");
                });
        assertThat(this.simulation.subscriptions.unconfirmed(1))
                .singleElement()
                .satisfies(status -> assertThat(status.lastError()).isEqualTo("Connection refused"));

        this.node.refusesConnections = false;
        this.simulation.run(Duration.ofSeconds(3));
        assertThat(allSubscribed()).isTrue();
    }

    @Test
    void aConnectionThatCannotEvenBeBegunIsTriedAgain() {
        this.simulation.cluster.openThrows = true;
        this.node.refusesConnections = true;
        this.node.loseConnections();
        this.simulation.run(Duration.ofSeconds(10));
        this.simulation.cluster.openThrows = false;
        this.node.refusesConnections = false;
        this.simulation.run(Duration.ofSeconds(3));

        assertThat(allSubscribed()).isTrue();
    }

    @Test
    void aNodeThatClosesEveryConnectionAtOnceIsNoHotLoop() {
        int before = this.simulation.unitCount();
        this.node.closesConnections = true;
        this.node.loseConnections();
        this.simulation.run(Duration.ofMinutes(1));
        long channelsThere = this.channels.stream()
                .filter(channel -> this.simulation.cluster.owner(channel) == this.node)
                .count();
        assertThat((this.simulation.unitCount() - before) / channelsThere).isLessThan(100);

        this.node.closesConnections = false;
        this.simulation.run(Duration.ofSeconds(3));
        assertThat(allSubscribed()).isTrue();
    }

    @Test
    void clusterDownIsAskedAgainWithBackoffAndSeenAndRecovered() {
        this.node.loseConnections();
        this.node.error = "CLUSTERDOWN The cluster is down";
        int before = this.simulation.unitCount();
        this.simulation.run(Duration.ofMinutes(10));
        long channelsThere = this.channels.stream()
                .filter(channel -> this.simulation.cluster.owner(channel) == this.node)
                .count();
        long each = (this.simulation.unitCount() - before) / channelsThere;
        assertThat(each).as("attempts a channel in ten minutes").isBetween(250L, 700L);
        assertThat(this.simulation.subscriptions.unconfirmed(100))
                .hasSize((int) channelsThere)
                .allSatisfy(status -> assertThat(status.lastError()).isEqualTo("CLUSTERDOWN The cluster is down"));
        assertThat(this.simulation.retries).isGreaterThan(1_000);

        this.node.error = null;
        this.simulation.run(Duration.ofSeconds(3));
        assertThat(allSubscribed()).isTrue();
        assertThat(this.simulation.subscriptions.channels())
                .allSatisfy(status -> assertThat(status.lastError()).isNull());
    }

    @Test
    void retriesOfManyChannelsAreSpread() {
        this.node.error = "CLUSTERDOWN The cluster is down";
        this.node.loseConnections();
        this.simulation.run(Duration.ofMinutes(1));
        int before = this.simulation.unitCount();
        this.simulation.run(Duration.ofSeconds(4));

        assertThat(this.simulation.cluster.units.subList(before, this.simulation.unitCount()).stream()
                        .map(unit -> unit.atNanos() / 100_000_000)
                        .distinct())
                .as("tenths of a second in which something was asked")
                .hasSizeGreaterThan(15);
    }

    @Test
    void anOutcomeNobodyCanTellIsAskedAgain() {
        this.simulation.cluster.unknownPercent = 100;
        this.node.loseConnections();
        this.simulation.run(Duration.ofSeconds(5));
        assertThat(allSubscribed()).isFalse();
        assertThat(this.simulation.subscriptions.unconfirmed(1))
                .singleElement()
                .satisfies(status -> assertThat(status.lastError()).contains("do not tell"));

        this.simulation.cluster.unknownPercent = 0;
        this.simulation.run(Duration.ofSeconds(3));
        assertThat(allSubscribed()).isTrue();
        assertThat(allHeldByTheirOwners()).isTrue();
    }

    @Test
    void aNodeThatForgotWhoWeAreIsConnectedToAnew() {
        this.node.error = "NOAUTH Authentication required.";
        this.node.endSubscriptions(SimulatedCluster.slot(channelAtNode()));
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(allSubscribed()).isFalse();
        this.node.error = null;
        this.simulation.run(Duration.ofSeconds(5));
        assertThat(allSubscribed()).isTrue();
    }

    private ChannelName channelAtNode() {
        return this.channels.stream()
                .filter(channel -> this.simulation.cluster.owner(channel) == this.node)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aRedirectToANodeThatCannotBeReachedIsWaitedForWithoutAStorm() {
        ChannelName channel = channelAtNode();
        Node target = this.simulation.cluster.other(this.node);
        target.refusesConnections = true;
        target.loseConnections();
        int before = this.simulation.unitCount();
        this.simulation.cluster.move(SimulatedCluster.slot(channel), target);
        this.simulation.run(Duration.ofMinutes(1));
        assertThat(this.simulation.unitCount() - before).isLessThan(200);

        target.refusesConnections = false;
        this.simulation.run(Duration.ofSeconds(3));
        assertThat(allSubscribed()).isTrue();
        assertThat(target.holds(channel)).isTrue();
    }

    @Test
    void theTopologyIsNotLookedAtMoreThanAboutTwiceASecond() {
        this.node.kill();
        this.simulation.run(Duration.ofSeconds(10));
        int before = this.simulation.cluster.refreshes;
        this.simulation.run(Duration.ofMinutes(1));

        assertThat(this.simulation.cluster.refreshes - before).isBetween(100, 260);
    }

    @Test
    void nothingIsAskedWhereNothingHappens() {
        int units = this.simulation.unitCount();
        int refreshes = this.simulation.cluster.refreshes;
        this.simulation.run(Duration.ofHours(1));

        assertThat(this.simulation.unitCount()).isEqualTo(units);
        assertThat(this.simulation.cluster.refreshes).isEqualTo(refreshes);
    }
}
