package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.subscription.SimulatedCluster.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What nobody tells is found by the audit. */
class AuditTests {

    private static final Duration INTERVAL = Duration.ofSeconds(20);

    private final Simulation simulation = new Simulation(5, 3, Simulation.SETTINGS.withAuditInterval(INTERVAL));

    private final List<String> findings = new ArrayList<>();

    AuditTests() {
        this.simulation.subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void auditFound(NodeAddress node, String finding) {
                AuditTests.this.findings.add(finding);
            }
        });
    }

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
    void whatEndsWithoutAWordAfterAuditsThatFoundNothingIsFoundStill() {
        this.simulation.subscribed("a");
        this.simulation.run(INTERVAL.multipliedBy(3));
        aSubscriptionThatEndedWithoutAWordIsTakenToTheOwner();
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

    @Test
    void aNodeThatHasLostASubscriptionWithoutAWordIsFoundByItsCount() {
        this.simulation.subscribed("a");
        Node owner = this.simulation.owner("a");
        owner.forgetSubscriptions(this.simulation.slot("a"));
        this.simulation.run(INTERVAL.plusSeconds(3));

        assertThat(owner.holds(Simulation.channel("a"))).isTrue();
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
        assertThat(this.findings).singleElement().asString().contains("counts 0", "has 1 confirmed");
    }

    @Test
    void aNodeThatCountsMoreThanIsWantedIsConnectedToAnew() {
        this.simulation.subscribed("a");
        Node owner = this.simulation.owner("a");
        owner.miscount = 1;
        this.simulation.until(() -> !this.findings.isEmpty());
        owner.miscount = 0;
        this.simulation.run(INTERVAL.multipliedBy(2));

        assertThat(this.findings).singleElement().asString().contains("counts 2", "has 1 confirmed");
        assertThat(this.simulation.isSubscribed("a")).isTrue();
    }

    @Test
    void aCountThatWasWrongOnceInterruptsNothing() {
        this.simulation.subscribed("a");
        Node owner = this.simulation.owner("a");
        owner.miscount = 1;
        this.simulation.run(INTERVAL.plusMillis(100));
        owner.miscount = 0;
        this.simulation.run(INTERVAL.multipliedBy(2));

        assertThat(this.findings).isEmpty();
        assertThat(this.simulation.status("a").interruptions()).isZero();
    }

    @Test
    void withoutThePermissionToCountNothingIsInterrupted() {
        this.simulation.subscribed("a");
        this.simulation.cluster.nodes.forEach(node -> node.deniesClientInfo = true);
        this.simulation.run(INTERVAL.multipliedBy(3));
        assertThat(this.findings).isEmpty();
        assertThat(this.simulation.status("a").interruptions()).isZero();
    }

    @Test
    void aNodeThatAnswersNothingDoesNotHoldUpTheAuditOfTheOthers() {
        this.simulation.subscribed("a");
        this.simulation.subscribed("b");
        Node silent = this.simulation.owner("a");
        Node other = this.simulation.owner("b");
        assertThat(other).isNotSameAs(silent);
        silent.silent = true;
        for (int i = 0; i < 3; i++) {
            other.forgetSubscriptions(this.simulation.slot("b"));
            this.simulation.run(INTERVAL.plusSeconds(3));
            assertThat(other.holds(Simulation.channel("b"))).isTrue();
        }
    }

    @Test
    void messagesForNobodyAreCountedAndTheirSubscriptionIsEnded() {
        this.simulation.subscribed("a");
        ShardSubscription claim = this.simulation.subscribed("{a}left");
        Node owner = this.simulation.owner("a");
        owner.migrating.add(this.simulation.slot("a"));
        claim.release();
        this.simulation.run(Duration.ofSeconds(5));
        assertThat(owner.holds(Simulation.channel("{a}left"))).isTrue();

        owner.migrating.clear();
        this.simulation.publish("{a}left", "nobody");
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.strays).isEqualTo(1);
        this.simulation.run(INTERVAL);
        assertThat(owner.holds(Simulation.channel("{a}left"))).isFalse();
        assertThat(this.simulation.status("a").interruptions()).isZero();
    }
}
