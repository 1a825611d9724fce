package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.subscription.SimulatedCluster.Node;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What nobody tells is found by the audit. */
class AuditTests {

    private static final Duration INTERVAL = Duration.ofSeconds(20);

    private final Simulation simulation = new Simulation(5, 3, Simulation.SETTINGS.withAuditInterval(INTERVAL));

    @Test
    void aSubscriptionThatEndedWithoutAWordIsTakenToTheOwner() {
        this.simulation.subscribed("a");
        Node source = this.simulation.owner("a");
        Node target = this.simulation.cluster.other(source);
        int slot = this.simulation.slot("a");
        source.forgetSubscriptions(slot);
        this.simulation.cluster.assign(slot, target);
        this.simulation.cluster.nodes.forEach(node -> node.learn(slot));
        this.simulation.run(INTERVAL.plusSeconds(1));

        assertThat(target.holds(Simulation.channel("a"))).isTrue();
        assertThat(this.simulation.status("a").node()).isEqualTo(target.address);
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
    }

    @Test
    void whatIsWhereItBelongsIsNotAskedAgain() {
        this.simulation.subscribed("a");
        int before = this.simulation.unitCount();
        this.simulation.run(INTERVAL.multipliedBy(10));
        assertThat(this.simulation.unitsFrom(before)).isEmpty();
        assertThat(this.simulation.status("a").interruptions()).isZero();
    }

    @Test
    void whereNothingIsWantedNothingIsLookedAt() {
        this.simulation.run(INTERVAL.multipliedBy(10));
        assertThat(this.simulation.cluster.refreshes).isZero();
    }
}
