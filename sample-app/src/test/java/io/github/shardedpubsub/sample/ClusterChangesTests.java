package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.sample.ClusterNodes.Node;
import io.github.shardedpubsub.sample.EventHistory.Event;
import io.github.shardedpubsub.sample.EventHistory.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterChangesTests {

    private static Node master(String name, String ranges) {
        return new Node(name, name, "MASTER", SlotRanges.parse(ranges).cardinality(), null, ranges);
    }

    private static Node replica(String name, String upstream) {
        return new Node(name, name, "REPLICA", 0, upstream, "");
    }

    private static Event event(Kind kind, int count, String from, String to) {
        return Event.of(kind, count, from, to);
    }

    private static Event of(Kind kind, String node) {
        return Event.of(kind, 1, node, null);
    }

    @Test
    void nothingHasChangedWhereAllIsAsBefore() {
        List<Node> nodes = List.of(master("a", "0-99"), replica("b", "a"));
        assertThat(ClusterChanges.between(nodes, List.copyOf(nodes))).isEmpty();
    }

    @Test
    void movedSlotsAreCountedByTheirWay() {
        assertThat(ClusterChanges.between(
                        List.of(master("a", "0-99"), master("b", "100-199"), master("c", "200-299")),
                        List.of(master("a", "3-99,150"), master("b", "0-1,100-149,151-199"), master("c", "2,200-299"))))
                .containsExactlyInAnyOrder(
                        event(Kind.SLOTS_MOVED, 1, "b", "a"),
                        event(Kind.SLOTS_MOVED, 2, "a", "b"),
                        event(Kind.SLOTS_MOVED, 1, "a", "c"));
    }

    @Test
    void aKilledMasterIsDownAndItsReplicaPromotedAndNoSlotHasMoved() {
        List<Node> before = List.of(master("a", "0-99"), replica("b", "a"), master("c", "100-199"));
        List<Node> dead = List.of(Node.down("a", "a"), replica("b", "a"), master("c", "100-199"));
        List<Node> promoted = List.of(Node.down("a", "a"), master("b", "0-99"), master("c", "100-199"));
        List<Node> back = List.of(replica("a", "b"), master("b", "0-99"), master("c", "100-199"));
        assertThat(ClusterChanges.between(before, dead)).containsExactly(of(Kind.NODE_DOWN, "a"));
        assertThat(ClusterChanges.between(dead, promoted)).containsExactly(of(Kind.PROMOTED, "b"));
        assertThat(ClusterChanges.between(promoted, back)).containsExactly(of(Kind.NODE_UP, "a"));
    }

    @Test
    void aFailoverThatIsSeenByHalvesMovesNoSlot() {
        List<Node> before = List.of(master("a", "0-99"), replica("b", "a"));
        List<Node> halfWay = List.of(master("a", "0-99"), master("b", "0-99"));
        List<Node> after = List.of(replica("a", "b"), master("b", "0-99"));
        assertThat(ClusterChanges.between(before, halfWay)).containsExactly(of(Kind.PROMOTED, "b"));
        assertThat(ClusterChanges.between(halfWay, after)).containsExactly(of(Kind.DEMOTED, "a"));
    }

    @Test
    void aNodeThatJoinsIsAddedAndWhatItHasByThenHasMoved() {
        assertThat(ClusterChanges.between(
                        List.of(master("a", "0-99")), List.of(master("a", "10-99"), master("b", "0-9"))))
                .containsExactly(of(Kind.NODE_ADDED, "b"), event(Kind.SLOTS_MOVED, 10, "a", "b"));
    }

    @Test
    void rangesAreReadAsTheyAreWritten() {
        for (String ranges : List.of("", "7", "0-16383", "0-1,3,5-8", "16383")) {
            assertThat(SlotRanges.of(SlotRanges.parse(ranges))).isEqualTo(ranges);
        }
        assertThat(SlotRanges.of(List.of(9, 3, 4))).isEqualTo("3-4,9");
    }
}
