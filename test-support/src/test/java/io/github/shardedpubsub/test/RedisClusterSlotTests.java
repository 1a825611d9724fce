package io.github.shardedpubsub.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("live")
class RedisClusterSlotTests {

    private static RedisCluster cluster;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.start(3, 1);
    }

    @AfterAll
    static void close() {
        cluster.close();
    }

    @Test
    void aStartedClusterIsWholeAndItsNodesAreWhatTheServersSay() {
        assertThat(cluster.nodes()).hasSize(6).allSatisfy(node -> {
            assertThat(node.id()).matches("[0-9a-f]{40}");
            assertThat(node.command("CLUSTER", "INFO"))
                    .contains("cluster_state:ok", "cluster_known_nodes:6", "cluster_size:3");
            assertThat(node.address()).isEqualTo("127.0.0.1:" + node.port());
            assertThat(cluster.node(node.id())).isSameAs(node);
            assertThat(ProcessHandle.of(node.pid()))
                    .hasValueSatisfying(process -> assertThat(process.isAlive()).isTrue());
        });
        assertThat(cluster.addresses()).hasSize(6).doesNotHaveDuplicates();
        assertThat(cluster.masters()).hasSize(3).allSatisfy(master -> {
            assertThat(master.command("ROLE")).startsWith("master");
            assertThat(cluster.replicasOf(master)).hasSize(1);
        });
        assertThat(cluster.replicas())
                .hasSize(3)
                .allSatisfy(replica -> assertThat(replica.command("ROLE")).startsWith("slave"));
    }

    @Test
    void namesAreFoundForSlotsAndNodes() {
        RedisNode second = cluster.masters().get(1);

        String channel = cluster.channelOwnedBy(second, "orders");

        assertThat(channel).startsWith("orders-");
        assertThat(cluster.owner(RedisCluster.slot(channel))).isSameAs(second);
        assertThat(second.command("SPUBLISH", channel, "hello")).isEqualTo("0");
        assertThat(RedisCluster.slot(RedisCluster.channelInSlot(866, "x"))).isEqualTo(866);
        assertThat(RedisCluster.slot("{orders}:1")).isEqualTo(RedisCluster.slot("orders"));
        assertThatThrownBy(() -> cluster.channelOwnedBy(cluster.replicas().get(0), "x"))
                .hasMessageContaining("owns no slot");
    }

    @ParameterizedTest
    @EnumSource
    void aMovedSlotIsServedByItsTargetWithItsKeysAndByNobodyElse(SlotMove order) {
        int slot = 4000 + order.ordinal();
        RedisNode source = cluster.owner(slot);
        RedisNode target = cluster.otherMaster(source);
        String key = RedisCluster.channelInSlot(slot, "key");
        source.command("SET", key, "värde");

        cluster.moveSlot(slot, target, order);

        assertThat(cluster.owner(slot)).isSameAs(target);
        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(node.view().owner(slot)).isEqualTo(target.id()));
        assertThat(target.command("GET", key)).isEqualTo("värde");
        assertThatThrownBy(() -> source.command("SPUBLISH", key, "x"))
                .isInstanceOfSatisfying(
                        RedisReplyException.class,
                        refused -> assertThat(refused.error()).isEqualTo("MOVED " + slot + " " + target.address()));
        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(node.command("CLUSTER", "NODES")).doesNotContain("["));
    }

    @Test
    void theOrderSaysWhoIsToldFirst() {
        try (CommandTrace trace = new CommandTrace()) {
            for (SlotMove order : SlotMove.values()) {
                int slot = 5000 + order.ordinal();
                RedisNode source = cluster.owner(slot);
                RedisNode target = cluster.otherMaster(source);

                cluster.moveSlot(slot, target, order);

                String told = " CLUSTER SETSLOT " + slot + " NODE " + target.id();
                String toTarget = target.address() + ":" + told;
                String toSource = source.address() + ":" + told;
                switch (order) {
                    case TARGET_FIRST ->
                        assertThat(trace.containing(told))
                                .startsWith(toTarget, toSource)
                                .hasSize(3);
                    case SOURCE_FIRST ->
                        assertThat(trace.containing(told))
                                .startsWith(toSource, toTarget)
                                .hasSize(3);
                    case GOSSIP_ONLY -> assertThat(trace.containing(told)).containsExactly(toTarget);
                    default -> throw new AssertionError(order);
                }
            }
        }
    }

    @Test
    void movesInQuickSuccessionLeaveAllNodesOfOneMind() {
        for (int i = 0; i < 60; i++) {
            cluster.moveSlot(866, cluster.otherMaster(cluster.owner(866)));
        }
        RedisNode last = cluster.owner(866);

        cluster.awaitAgreement();

        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(node.view().owner(866)).isEqualTo(last.id()));
        assertThat(cluster.masters().stream().map(master -> master.view().own().configEpoch()))
                .doesNotHaveDuplicates();
    }

    @Test
    void aMoveToTheOwnerChangesNothing() {
        RedisNode owner = cluster.owner(77);
        long epoch = owner.view().own().configEpoch();

        cluster.moveSlot(77, owner);

        assertThat(owner.view().own().configEpoch()).isEqualTo(epoch);
    }

    @Test
    void aMoveToAReplicaIsRefusedInWords() {
        assertThatThrownBy(() -> cluster.moveSlot(77, cluster.replicas().get(0)))
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContaining("is a replica, and only a master can own slots");
        assertThatThrownBy(() -> cluster.moveSlot(16384, cluster.masters().get(0)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anAssignmentSaidAgainGoesToTheOwnerAndMovesNothing() {
        RedisNode owner = cluster.owner(123);
        long before = setSlotCalls(owner);

        cluster.assignAgain(123);

        // Valkey counts one twice: when it comes, and when the replicas have it.
        assertThat(setSlotCalls(owner)).isGreaterThan(before);
        assertThat(cluster.owner(123)).isSameAs(owner);
    }

    @Test
    void aClaimThatDoesNotGetThroughIsMadeWithANewEpoch() {
        RedisNode first = cluster.masters().get(0);
        RedisNode second = cluster.masters().get(1);
        cluster.moveSlot(300, second);
        cluster.moveSlot(300, first);
        // The second takes the slot with an epoch that is older than the first's, by which the others know the slot.
        first.command("CLUSTER", "SETSLOT", "300", "NODE", second.id());
        second.command("CLUSTER", "SETSLOT", "300", "NODE", second.id());

        cluster.assignAgain(300);

        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(node.view().owner(300)).isEqualTo(second.id()));
    }

    private static long setSlotCalls(RedisNode node) {
        String calls = node.command("INFO", "commandstats")
                .lines()
                .filter(line -> line.startsWith("cmdstat_cluster|setslot:calls="))
                .findFirst()
                .orElse("cmdstat_cluster|setslot:calls=0,");
        return Long.parseLong(calls.substring(calls.indexOf('=') + 1, calls.indexOf(',')));
    }

    @Test
    void deletedSlotsHaveNoOwnerUntilTheyAreAdded() {
        RedisNode owner = cluster.owner(9000);
        String channel = RedisCluster.channelInSlot(9000, "c");

        cluster.deleteSlots(9000, 9001);

        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(node.view().owner(9000)).isNull());
        assertThatThrownBy(() -> cluster.owner(9001)).hasMessageContaining("Slot 9001 has no owner");
        assertThatThrownBy(() -> owner.command("SPUBLISH", channel, "x")).hasMessageContaining("CLUSTERDOWN");

        RedisNode other = cluster.otherMaster(owner);
        cluster.addSlots(other, 9000, 9001);
        cluster.awaitAgreement();

        assertThat(cluster.owner(9000)).isSameAs(other);
        assertThat(other.command("SPUBLISH", channel, "x")).isEqualTo("0");
    }

    @Test
    void killedClientsAreCountedAndGone() throws Exception {
        RedisNode node = cluster.nodes().get(0);
        try (TestClient subscriber = new TestClient(node);
                TestClient other = new TestClient(cluster.nodes().get(5))) {
            subscriber.call("SUBSCRIBE", "a");
            other.call("PSUBSCRIBE", "b*");

            assertThat(node.killClients("pubsub")).isEqualTo(1);
            assertThat(cluster.killClients("pubsub")).isEqualTo(1);

            assertThat(subscriber.isEnded()).isTrue();
            assertThat(other.isEnded()).isTrue();
        }
        assertThatThrownBy(() -> node.killClients("nonsense")).isInstanceOf(RedisReplyException.class);
    }

    @Test
    void aNodesOwnConnectionIsReplacedWhenItWasKilled() {
        RedisNode node = cluster.nodes().get(1);
        String id = node.command("CLIENT", "ID");
        try (TestClient other = new TestClient(node)) {
            other.call("CLIENT", "KILL", "ID", id);
        }

        assertThat(node.command("CLIENT", "ID")).isNotEqualTo(id);
    }

    @Test
    void repliesComeAsTextOrAsTheyAre() {
        RedisNode node = cluster.masters().get(0);
        assertThat(node.command("ECHO", "hej då")).isEqualTo("hej då");
        assertThat(node.command("CONFIG", "GET", "save")).isEqualTo("save\n");
        assertThat(Objects.requireNonNull(node.reply("CONFIG", "GET", "appendonly")))
                .asList()
                .containsExactly("appendonly", "no");
        assertThat(node.reply("CLUSTER", "COUNTKEYSINSLOT", "1")).isInstanceOf(Long.class);
        assertThatThrownBy(() -> node.command("NONSENSE"))
                .isInstanceOfSatisfying(
                        RedisReplyException.class,
                        refused -> assertThat(refused.error()).startsWith("ERR unknown command"));
        assertThatThrownBy(() -> node.command("SSUBSCRIBE", "a")).isInstanceOf(IllegalArgumentException.class);
    }
}
