package io.github.shardedpubsub.test;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("live")
class RedisClusterFaultTests {

    private static RedisCluster cluster;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.builder()
                .masters(3)
                .replicas(1)
                .nodeTimeout(Duration.ofSeconds(1))
                .start();
    }

    @AfterAll
    static void close() {
        cluster.close();
    }

    @AfterEach
    void isWholeAgain() {
        cluster.awaitAgreement();
    }

    @Test
    void afterAFailoverMasterAndReplicaHaveChangedPlaces() {
        RedisNode master = cluster.masters().get(0);
        RedisNode replica = cluster.replicasOf(master).get(0);
        int slot = cluster.slotsOf(master).nextSetBit(0);

        cluster.failover(replica);

        assertThat(replica.role()).isEqualTo(RedisNode.Role.MASTER);
        assertThat(master.role()).isEqualTo(RedisNode.Role.REPLICA);
        assertThat(cluster.replicasOf(replica)).containsExactly(master);
        assertThat(cluster.owner(slot)).isSameAs(replica);
        assertThatThrownBy(() -> cluster.failover(replica)).hasMessageContaining("is a master already");
    }

    @Test
    void takeoversMayFollowEachOtherAtOnce() {
        RedisNode master = cluster.masters().get(1);
        RedisNode replica = cluster.replicasOf(master).get(0);

        cluster.forceFailover(replica);
        cluster.forceFailover(master);

        assertThat(cluster.replicasOf(master)).containsExactly(replica);
    }

    @Test
    void aReplicaIsGivenAnotherMaster() {
        RedisNode first = cluster.masters().get(0);
        RedisNode second = cluster.masters().get(1);
        RedisNode replica = cluster.replicasOf(first).get(0);

        cluster.reparent(replica, second);

        assertThat(cluster.replicasOf(second)).hasSize(2).contains(replica);
        assertThat(replica.command("INFO", "replication"))
                .contains("master_port:" + second.port(), "master_link_status:up");

        cluster.reparent(replica, first);

        assertThat(cluster.replicasOf(first)).containsExactly(replica);
    }

    @Test
    void aKilledMasterIsReplacedByItsReplicaAndComesBackAsOne() {
        RedisNode master = cluster.masters().get(2);
        RedisNode replica = cluster.replicasOf(master).get(0);
        long pid = master.pid();
        int slot = cluster.slotsOf(master).nextSetBit(0);

        master.kill();

        assertThat(master.isAlive()).isFalse();
        assertThat(master.pid()).isEqualTo(-1);
        assertThat(ProcessHandle.of(pid)).isEmpty();
        assertThatThrownBy(() -> master.command("PING"))
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContaining("restart() brings a killed one back");
        await().atMost(Duration.ofSeconds(20)).until(() -> cluster.owner(slot) == replica);
        cluster.awaitAgreement();
        assertThat(cluster.masters()).hasSize(3).contains(replica);
        assertThat(cluster.nodes()).hasSize(6);

        master.restart();

        assertThat(cluster.replicasOf(replica)).containsExactly(master);
        assertThat(master.pid()).isNotEqualTo(pid);
    }

    @Test
    void aMasterRestartedAtOnceServesAsBefore() {
        RedisNode master = cluster.masters().get(0);
        String channel = cluster.channelOwnedBy(master, "c");

        master.restart();

        assertThat(master.role()).isEqualTo(RedisNode.Role.MASTER);
        assertThat(master.command("SPUBLISH", channel, "x")).isEqualTo("0");
    }

    @Test
    void aFrozenNodeAnswersNothingUntilItIsThawed() {
        RedisNode replica = cluster.replicas().get(0);

        replica.freeze();

        assertThat(replica.isFrozen()).isTrue();
        assertThat(replica.isAlive()).isTrue();
        assertThat(replica.toString()).contains("frozen");
        assertThat(cluster.replicas()).hasSize(2).doesNotContain(replica);
        await().until(() -> requireNonNull(cluster.masters().get(0).view().member(replica.id()))
                .isFailing());

        replica.thaw();
        cluster.awaitAgreement();

        assertThat(replica.isFrozen()).isFalse();
        assertThat(replica.command("PING")).isEqualTo("PONG");
    }

    @Test
    void anAgreementThatDoesNotComeIsExplained() {
        RedisNode master = cluster.masters().get(0);
        RedisNode replica = cluster.replicasOf(master).get(0);
        replica.kill();
        master.kill();

        assertThatThrownBy(() -> cluster.awaitAgreement(Duration.ofSeconds(2)))
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContainingAll(
                        "Waited 2000 ms", "whole cluster", "restart() its master", "the last lines of the log");

        master.restart();
        replica.restart();
    }
}
