package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.subscription.SimulatedCluster.Node;
import io.github.shardedpubsub.subscription.SubscriptionObserver.ProbeResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A node on which subscriptions stand and nothing arrives. */
class DeliveryProbeTests {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final Simulation simulation = new Simulation(11, 3, Simulation.SETTINGS.withProbeInterval(INTERVAL));

    private final List<ProbeResult> results = new ArrayList<>();

    DeliveryProbeTests() {
        this.simulation.subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void probed(NodeAddress node, ProbeResult result) {
                DeliveryProbeTests.this.results.add(result);
            }
        });
        this.simulation.subscribed("a");
    }

    @Test
    void aNodeThatDeliversIsLeftAlone() {
        this.simulation.run(INTERVAL.multipliedBy(5).plusSeconds(1));
        assertThat(this.results).hasSize(5).containsOnly(ProbeResult.DELIVERED);
        assertThat(this.simulation.messages).isEmpty();
        assertThat(this.simulation.strays).isZero();
        assertThat(this.simulation.subscriptions.nodes())
                .singleElement()
                .satisfies(node -> assertThat(node.lastError()).isNull());
    }

    @Test
    void aNodeThatDoesNotDeliverIsFoundAndConnectedToAnew() {
        Node owner = this.simulation.owner("a");
        owner.swallowsMessages = true;
        this.simulation.run(INTERVAL.plusSeconds(1));
        assertThat(this.results).containsExactly(ProbeResult.LOST);
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
        assertThat(this.simulation.isSubscribed("a")).isTrue();
        assertThat(this.simulation.subscriptions.nodes())
                .singleElement()
                .satisfies(node -> assertThat(node.lastError()).contains("did not come back"));

        owner.swallowsMessages = false;
        this.simulation.run(INTERVAL);
        assertThat(this.results).containsExactly(ProbeResult.LOST, ProbeResult.DELIVERED);
        assertThat(this.simulation.subscriptions.nodes())
                .singleElement()
                .satisfies(node -> assertThat(node.lastError()).isNull());
    }

    @Test
    void aMovedSlotIsNoReasonForAlarm() {
        this.simulation.run(INTERVAL.plusSeconds(1));
        Node target = this.simulation.cluster.other(this.simulation.owner("a"));
        this.simulation.cluster.move(this.simulation.slot("a"), target);
        this.simulation.run(INTERVAL.multipliedBy(2));
        assertThat(this.results).containsOnly(ProbeResult.DELIVERED);
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
    }

    @Test
    void withoutPermissionNothingIsSaidAndNothingInterrupted() {
        this.simulation.owner("a").error = "NOPERM User app has no permissions to run the 'spublish' command";
        this.simulation.run(INTERVAL.multipliedBy(2).plusSeconds(1));
        assertThat(this.results).containsOnly(ProbeResult.UNKNOWN);
        assertThat(this.simulation.status("a").interruptions()).isZero();
    }
}
