package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What several nodes say of the cluster, put together. */
class SlotOwnersTests {

    private static final NodeAddress A = new NodeAddress("10.0.0.1", 7000);

    private static final NodeAddress B = new NodeAddress("10.0.0.2", 7000);

    private static final NodeAddress C = new NodeAddress("10.0.0.3", 7000);

    private static ClusterNodes view(NodeAddress answering, String... lines) {
        return ClusterNodes.parse(String.join("\n", lines) + "\n", answering);
    }

    @Test
    void ofTwoThatClaimASlotTheOneOfTheHigherConfigEpochHasIt() {
        ClusterNodes old = view(
                A,
                "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-100",
                "b 10.0.0.2:7000@17000 master - 0 0 2 connected 200-300");
        ClusterNodes young = view(
                B,
                "a 10.0.0.1:7000@17000 master - 0 0 1 connected 0-76 78-100",
                "b 10.0.0.2:7000@17000 myself,master - 0 0 5 connected 77 200-300");
        for (List<ClusterNodes> views : List.of(List.of(old, young), List.of(young, old))) {
            SlotOwners owners = SlotOwners.of(views);
            assertThat(owners.ownerOf(76)).isEqualTo(A);
            assertThat(owners.ownerOf(77)).isEqualTo(B);
            assertThat(owners.ownerOf(300)).isEqualTo(B);
            assertThat(owners.ownerOf(301)).isNull();
            assertThat(owners.upstreams()).containsExactlyInAnyOrder(A, B);
        }
    }

    @Test
    void whatANodeDoesNotClaimItselfIsAnothersIfAnotherClaimsIt() {
        ClusterNodes source = view(
                A,
                "a 10.0.0.1:7000@17000 myself,master - 0 0 9 connected 0-76",
                "b 10.0.0.2:7000@17000 master - 0 0 2 connected 77");
        ClusterNodes unaware = view(
                C,
                "a 10.0.0.1:7000@17000 master - 0 0 9 connected 0-77",
                "b 10.0.0.2:7000@17000 master - 0 0 2 connected",
                "c 10.0.0.3:7000@17000 myself,master - 0 0 3 connected");
        assertThat(SlotOwners.of(List.of(unaware, source)).ownerOf(77)).isEqualTo(B);
        assertThat(SlotOwners.of(List.of(source, unaware)).ownerOf(77)).isEqualTo(B);
    }

    @Test
    void whoHasBecomeAReplicaByItsOwnWordIsNoUpstreamNode() {
        ClusterNodes demoted = view(
                A,
                "a 10.0.0.1:7000@17000 myself,slave b 0 0 9 connected",
                "b 10.0.0.2:7000@17000 master - 0 0 9 connected 0-100",
                "c 10.0.0.3:7000@17000 master - 0 0 3 connected 200");
        ClusterNodes unaware = view(
                C,
                "a 10.0.0.1:7000@17000 master - 0 0 1 connected 0-100",
                "b 10.0.0.2:7000@17000 slave a 0 0 1 connected",
                "c 10.0.0.3:7000@17000 myself,master - 0 0 3 connected 200");
        SlotOwners owners = SlotOwners.of(List.of(demoted, unaware));
        assertThat(owners.ownerOf(50)).isEqualTo(B);
        assertThat(owners.upstreams()).containsExactlyInAnyOrder(B, C);
    }

    @Test
    void aNodeThatTheOthersHaveForgottenCountsForNothing() {
        ClusterNodes forgotten = view(
                A,
                "a 10.0.0.1:7000@17000 myself,master - 0 0 9 connected 0-10",
                "b 10.0.0.2:7000@17000 master - 0 0 2 connected 11-100");
        ClusterNodes other = view(B, "b 10.0.0.2:7000@17000 myself,master - 0 0 2 connected 0-100");
        SlotOwners owners = SlotOwners.of(List.of(forgotten, other, other));
        assertThat(owners.ownerOf(5)).isEqualTo(B);
        assertThat(owners.upstreams()).containsExactly(B);
    }

    @Test
    void aFailedNodeKeepsItsSlotsUntilAnotherClaimsThemAndIsNotConnectedTo() {
        ClusterNodes view = view(
                B,
                "a 10.0.0.1:7000@17000 master,fail - 0 0 1 disconnected 0-100",
                "b 10.0.0.2:7000@17000 myself,master - 0 0 2 connected 200");
        SlotOwners owners = SlotOwners.of(List.of(view));
        assertThat(owners.ownerOf(5)).isEqualTo(A);
        assertThat(owners.upstreams()).containsExactly(B);
    }

    @Test
    void announcedNamesAreTakenAndANodeThatDoesNotKnowItsOwnMeansTheOneThatWasAsked() {
        ClusterNodes view = view(
                C,
                "a 10.0.0.1:7000@17000,redis-a master - 0 0 1 connected 0",
                "b 10.0.0.2:7000@17000,,shard-id=77 master - 0 0 2 connected 1",
                "c :7000@17000 myself,master - 0 0 3 connected 2 [2->-a] [3-<-b]",
                "d :0@0 master,noaddr - 0 0 4 disconnected 3");
        SlotOwners owners = SlotOwners.of(List.of(view));
        assertThat(owners.ownerOf(0)).isEqualTo(new NodeAddress("redis-a", 7000));
        assertThat(owners.ownerOf(1)).isEqualTo(B);
        assertThat(owners.ownerOf(2)).isEqualTo(C);
        assertThat(owners.ownerOf(3)).isNull();
        NodeSlots own = NodeSlots.of(view);
        assertThat(own == null ? Map.of() : own.leaving())
                .containsExactly(Map.entry(2, new NodeAddress("redis-a", 7000)));
    }

    @Test
    void viewsAgreeWhereEverySlotHasTheSameOwner() {
        String one = "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-100";
        SlotOwners owners = SlotOwners.of(List.of(view(A, one)));
        assertThat(owners.agreesWith(SlotOwners.of(List.of(view(A, one))))).isTrue();
        assertThat(owners.agreesWith(SlotOwners.of(List.of(view(A, one + " 101")))))
                .isFalse();
        assertThat(owners.agreesWith(
                        SlotOwners.of(List.of(view(A, one, "b 10.0.0.2:7000@17000 master - 0 0 2 connected")))))
                .as("one more upstream node")
                .isFalse();
    }
}
