package io.github.shardedpubsub.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("live")
class RedisClusterGrowthTests {

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
    void aNodeIsAddedFilledDrainedAndForgotten() {
        RedisNode added = cluster.addNode();
        assertThat(added.role()).isEqualTo(RedisNode.Role.MASTER);
        assertThat(cluster.slotsOf(added).isEmpty()).isTrue();
        assertThat(added.command("CLUSTER", "INFO")).contains("cluster_state:ok");
        assertThat(cluster.nodes())
                .hasSize(7)
                .allSatisfy(node -> assertThat(node.view().member(added.id())).isNotNull());

        RedisNode drained = cluster.masters().get(0);
        String key = cluster.channelOwnedBy(drained, "key");
        drained.command("SET", key, "kept");
        cluster.drain(drained);
        cluster.awaitAgreement();

        assertThat(cluster.slotsOf(drained).isEmpty()).isTrue();
        assertThat(drained.role()).isEqualTo(RedisNode.Role.MASTER);
        assertThat(cluster.slotsOf(added).cardinality()).isBetween(1500, 2000);
        assertThat(cluster.owner(RedisCluster.slot(key)).command("GET", key)).isEqualTo("kept");

        RedisNode replica = cluster.replicasOf(drained).get(0);
        assertThatThrownBy(() -> cluster.forget(drained))
                .hasMessageContainingAll("is still the master of", "reparent()");
        cluster.reparent(replica, added);
        assertThatThrownBy(() -> cluster.forget(added)).hasMessageContainingAll("still owns", "drain() it first");
        long pid = drained.pid();
        cluster.forget(drained);
        cluster.awaitAgreement();

        assertThat(cluster.nodes()).hasSize(6).doesNotContain(drained);
        assertThat(ProcessHandle.of(pid)).isEmpty();
        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(node.view().member(drained.id())).isNull());
        assertThatThrownBy(drained::restart).hasMessageContaining("cannot be started again");
    }

    @Test
    void aResetNodeIsAloneUntilItRejoins() {
        RedisNode replica = cluster.replicas().get(0);
        RedisNode master = cluster.node(replica.view().own().masterId());

        cluster.reset(replica);

        assertThat(replica.view().members()).containsOnlyKeys(replica.id());

        cluster.rejoin(replica);
        assertThat(replica.role()).isEqualTo(RedisNode.Role.MASTER);
        cluster.reparent(replica, master);
        cluster.awaitAgreement();

        assertThat(cluster.replicasOf(master)).contains(replica);
    }
}
