package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.inOrder;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import io.github.shardedpubsub.sample.ClusterNodes.Node;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.mockito.InOrder;

class ClusterDrillTests {

    private final ClusterNodes nodes = mock();

    private final CourierLedger couriers = new CourierLedger(new SampleProperties(120, Duration.ofMillis(500)));

    private final SlotMover mover = new SlotMover(this.nodes, this.couriers);

    private final ClusterDrill drill = new ClusterDrill(this.nodes, this.mover, this.couriers);

    private static Node master(String id, int slots) {
        return new Node(id, id + ":1", "MASTER", slots, null, "");
    }

    private static Node replica(String id, String upstream) {
        return new Node(id, id + ":1", "REPLICA", 0, upstream, "");
    }

    private Overview.Progress progress() {
        return Objects.requireNonNull(this.mover.progress());
    }

    @Test
    void everythingAtOnceHurtsTwoShardsAndLeavesNothingDown() {
        given(this.nodes.nodes())
                .willReturn(List.of(
                        master("bare", 9000),
                        master("a", 4000),
                        replica("ra", "a"),
                        master("b", 3000),
                        replica("rb", "b")));
        assertThat(this.drill.everythingAtOnce()).contains("a:1 failed over", "b:1 killed and back");
        InOrder order = inOrder(this.nodes);
        order.verify(this.nodes).closeSubscribers();
        order.verify(this.nodes).failover("a");
        order.verify(this.nodes).kill("b");
        order.verify(this.nodes).awaitWhole();
        order.verify(this.nodes).restart("b");
        verify(this.nodes, times(60)).moveOn(anyInt(), any());
        assertThat(progress().running()).isFalse();
        assertThat(progress().moved()).isEqualTo(progress().slots());
    }

    @Test
    void withoutTwoShardsThatCanSurviveNothingIsDone() {
        given(this.nodes.nodes()).willReturn(List.of(master("a", 9000), replica("ra", "a"), master("b", 7384)));
        assertThatExceptionOfType(NotPossibleException.class)
                .isThrownBy(this.drill::everythingAtOnce)
                .withMessageContaining("two masters with a replica");
        verify(this.nodes, never()).closeSubscribers();
        verify(this.nodes, never()).kill(any());
    }

    @Test
    void aNodeThatJoinsGetsAnEvenShare() {
        given(this.nodes.nodes()).willReturn(List.of(master("a", 6000), master("b", 6000), master("c", 4384)));
        given(this.nodes.add()).willReturn(master("d", 0));
        assertThat(this.drill.addNode()).contains("d:1 has joined").contains("30 channels");
        verify(this.nodes, times(30)).move(anyInt(), eq("d"), any());
    }

    @Test
    void aStepThatFailsEndsTheChangeAndTheNextIsLetIn() {
        given(this.nodes.nodes()).willReturn(List.of(master("a", 16384)));
        given(this.nodes.add()).willThrow(new NotPossibleException("enough"));
        assertThatExceptionOfType(NotPossibleException.class).isThrownBy(this.drill::addNode);
        assertThat(progress().running()).isFalse();
        assertThat(progress().moved()).isZero();
        assertThat(this.mover.reshard(3, Duration.ZERO).moved()).isEqualTo(3);
    }
}
