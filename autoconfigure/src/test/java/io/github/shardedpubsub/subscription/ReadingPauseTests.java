package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A claim that has no room for more messages. */
class ReadingPauseTests {

    private static final Duration SHORT = Duration.ofSeconds(1);

    private final Simulation simulation = new Simulation(1, 2);

    private final List<NodeAddress> pauses = new ArrayList<>();

    ReadingPauseTests() {
        this.simulation.subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void readingPaused(NodeAddress node) {
                ReadingPauseTests.this.pauses.add(node);
            }
        });
    }

    @Test
    void itsNodeIsReadNoFurtherUntilThereIsRoom() {
        ShardSubscription claim = this.simulation.subscribed("a");
        SimulatedCluster.Node owner = this.simulation.owner("a");
        Instant before = this.simulation.time.now();

        claim.pauseReading();
        assertThat(owner.isReadingPaused())
                .as("at once, before anything else runs")
                .isTrue();
        this.simulation.run(SHORT);
        assertThat(owner.isReadingPaused()).isTrue();
        assertThat(this.simulation.cluster.other(owner).isReadingPaused()).isFalse();
        assertThat(this.pauses).containsExactly(owner.address);
        assertThat(pausedSince(owner)).isBetween(before, before.plus(SHORT));

        claim.resumeReading();
        this.simulation.run(SHORT);
        assertThat(owner.isReadingPaused()).isFalse();
        assertThat(pausedSince(owner)).isNull();
    }

    private @Nullable Instant pausedSince(SimulatedCluster.Node node) {
        return this.simulation.subscriptions.nodes().stream()
                .filter(status -> status.address().equals(node.address))
                .findFirst()
                .orElseThrow()
                .readingPausedSince();
    }

    @Test
    void aNodeIsReadOnWhenTheLastClaimHasRoom() {
        ShardSubscription one = this.simulation.subscribed("{a}1");
        ShardSubscription two = this.simulation.subscribed("{a}2");
        one.pauseReading();
        two.pauseReading();
        this.simulation.run(SHORT);

        one.resumeReading();
        this.simulation.run(SHORT);
        assertThat(this.simulation.owner("{a}1").isReadingPaused()).isTrue();

        two.resumeReading();
        this.simulation.run(SHORT);
        assertThat(this.simulation.owner("{a}1").isReadingPaused()).isFalse();
    }

    @Test
    void aReleasedClaimNeedsNoRoom() {
        ShardSubscription claim = this.simulation.subscribed("a");
        SimulatedCluster.Node owner = this.simulation.owner("a");
        claim.pauseReading();
        this.simulation.run(SHORT);

        claim.release();
        this.simulation.run(SHORT);

        assertThat(owner.isReadingPaused()).isFalse();
    }

    @Test
    void aChannelWhoseSlotMovesMeanwhileFollowsWhenItsNodeIsReadOn() {
        ShardSubscription claim = this.simulation.subscribed("a");
        SimulatedCluster.Node before = this.simulation.owner("a");
        claim.pauseReading();
        this.simulation.run(SHORT);

        this.simulation.cluster.move(this.simulation.slot("a"), this.simulation.cluster.other(before));
        this.simulation.run(SHORT);
        assertThat(this.simulation.status("a").node())
                .as("its end is not read yet")
                .isEqualTo(before.address);

        claim.resumeReading();
        this.simulation.run(SHORT);
        assertThat(before.isReadingPaused()).isFalse();
        assertThat(this.simulation.status("a").node()).isEqualTo(this.simulation.owner("a").address);
        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.SUBSCRIBED);
    }

    @Test
    void aPauseEndsWithItsConnectionAndIsSaidAgainOnTheNext() {
        ShardSubscription one = this.simulation.subscribed("{a}1");
        this.simulation.subscribed("{a}2");
        SimulatedCluster.Node owner = this.simulation.owner("{a}1");
        owner.refusesConnections = true;
        owner.loseConnections();
        this.simulation.until(() -> this.simulation.state("{a}1") == ChannelState.INTERRUPTED);
        assertThat(owner.connections()).isZero();

        one.pauseReading();
        owner.refusesConnections = false;
        this.simulation.run(SHORT);
        assertThat(this.simulation.isSubscribed("{a}1")).isTrue();
        assertThat(owner.isReadingPaused()).isFalse();
        assertThat(this.pauses).as("there was nothing to pause").isEmpty();

        one.pauseReading();
        assertThat(owner.isReadingPaused()).isTrue();
        this.simulation.run(SHORT);
        assertThat(owner.isReadingPaused()).isTrue();
        assertThat(this.pauses).containsExactly(owner.address);
    }

    @Test
    void aClaimThatWasFullMayComeAndGoWhileItIsPaused() {
        ShardSubscription claim = this.simulation.subscribed("a");
        for (int i = 0; i < 10; i++) {
            claim.pauseReading();
            claim.resumeReading();
        }
        this.simulation.run(SHORT);

        assertThat(this.simulation.owner("a").isReadingPaused()).isFalse();
    }
}
