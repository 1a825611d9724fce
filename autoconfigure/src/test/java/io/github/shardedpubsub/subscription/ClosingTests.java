package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** The end, in the middle of anything. */
class ClosingTests {

    @RepeatedTest(60)
    void closingInTheMiddleOfAnythingCompletesEveryFutureAndRevivesNothing(RepetitionInfo repetition) {
        int seed = repetition.getCurrentRepetition();
        Simulation simulation = new Simulation(seed, 3);
        List<ShardSubscription> claims = new ArrayList<>();
        List<CompletableFuture<?>> futures = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            claims.add(simulation.claim("c" + i));
        }
        simulation.run(Duration.ofNanos(seed * 400_000L));
        simulation.owner("c0").loseConnections();
        simulation.owner("c1").error = "CLUSTERDOWN";
        simulation.cluster.move(simulation.slot("c2"), simulation.cluster.other(simulation.owner("c2")));
        simulation.owner("c3").denied.add(Simulation.channel("c3"));
        futures.add(claims.get(4).release());
        futures.add(claims.get(5).release());
        simulation.claim("c5");
        futures.add(simulation.subscriptions.check(null));
        simulation.run(Duration.ofNanos(seed * 100_000L));
        futures.add(simulation.subscriptions.check(null));
        simulation.run(Duration.ofNanos(seed * 10_000L));

        simulation.close();
        int units = simulation.unitCount();
        simulation.run(Duration.ofMinutes(2));

        claims.forEach(claim -> futures.add(claim.confirmed()));
        claims.forEach(claim -> futures.add(claim.release()));
        assertThat(futures).allMatch(CompletableFuture::isDone);
        assertThat(simulation.cluster.nodes).allMatch(node -> node.connections() == 0);
        assertThat(simulation.unitCount()).isEqualTo(units);
        assertThat(simulation.subscriptions.channels()).isEmpty();
        assertThat(simulation.subscriptions.nodes()).isEmpty();
        assertThat(simulation.time.isStopped()).isTrue();
    }

    @Test
    void whatIsAskedForAfterTheEndIsRefusedOrDoneAtOnce() {
        Simulation simulation = new Simulation(1, 3);
        ShardSubscription claim = simulation.subscribed("a");
        simulation.close();
        simulation.subscriptions.close();

        assertThatIllegalStateException()
                .isThrownBy(() -> simulation.claim("b"))
                .withMessageContaining("closed");
        assertThat(simulation.subscriptions.check(null)).isCompletedWithValue(0);
        assertThat(claim.release()).isCompleted();
    }

    @Test
    void everyChannelIsToldAsGone() {
        Simulation simulation = new Simulation(1, 3);
        simulation.subscribed("a");
        simulation.transitions.clear();
        simulation.close();

        assertThat(simulation.transitions)
                .singleElement()
                .satisfies(gone -> assertThat(gone.to()).isNull());
        assertThat(simulation.subscriptions.counts().values()).containsOnly(0);
    }
}
