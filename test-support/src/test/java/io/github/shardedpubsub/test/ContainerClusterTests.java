package io.github.shardedpubsub.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;

/** What a cluster does in containers, each test on what the one before left whole. */
@Tag("containers")
class ContainerClusterTests {

    private static final String IMAGE = System.getProperty("redis.image", "");

    private static @Nullable RedisCluster shared;

    private RedisCluster cluster;

    @BeforeEach
    void start() {
        assumeTrue(!IMAGE.isEmpty(), "no image is given; -Dredis.image=redis:8.0 does, where there is Docker");
        assumeTrue(DockerClientFactory.instance().isDockerAvailable(), "there is no Docker here");
        if (shared == null) {
            shared = RedisCluster.containers(IMAGE)
                    .replicas(1)
                    .nodeTimeout(Duration.ofSeconds(1))
                    .start();
        }
        cluster = shared;
    }

    @AfterAll
    static void nothingIsLeft() {
        if (shared != null) {
            shared.close();
            assertThat(containers()).isEmpty();
        }
    }

    private static List<?> containers() {
        return DockerClientFactory.lazyClient()
                .listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(
                        Map.of(DockerClientFactory.TESTCONTAINERS_SESSION_ID_LABEL, DockerClientFactory.SESSION_ID))
                .exec();
    }

    @Test
    void theNodesAnnounceAddressesThatAreReachableFromHere() {
        assertThat(cluster.masters())
                .hasSize(3)
                .allSatisfy(master -> assertThat(cluster.replicasOf(master)).hasSize(1));
        String announced = cluster.nodes().get(0).command("CLUSTER", "SLOTS");
        assertThat(cluster.addresses())
                .hasSize(6)
                .allSatisfy(address -> assertThat(address).startsWith("127.0.0.1:"));
        assertThat(cluster.nodes())
                .allSatisfy(node -> assertThat(announced).contains("127.0.0.1\n" + node.port() + "\n" + node.id()));
        assertThat(cluster.serverVersion()).matches("(Redis|Valkey) \\d+\\..*");
    }

    @Test
    void aSlotMovesWithItsKeysAndEndsItsSubscriptions() {
        RedisNode source = cluster.masters().get(0);
        RedisNode target = cluster.otherMaster(source);
        String channel = cluster.channelOwnedBy(source, "c");
        source.command("SET", channel, "kept");
        try (TestClient subscriber = new TestClient(source);
                TestClient next = new TestClient(target)) {
            subscriber.call("SSUBSCRIBE", channel);

            cluster.moveSlot(RedisCluster.slot(channel), target);

            assertThat(subscriber.heard()).containsExactly("sunsubscribe " + channel);
            assertThat(String.valueOf(subscriber.call("SSUBSCRIBE", channel))).contains("MOVED", target.address());
            next.call("SSUBSCRIBE", channel);
            assertThat(target.command("SPUBLISH", channel, "there")).isEqualTo("1");
            assertThat(next.heard()).containsExactly("smessage " + channel + " there");
            assertThat(target.command("GET", channel)).isEqualTo("kept");
        }
    }

    @Test
    void aKilledMasterIsReplacedByItsReplicaAndComesBackAsOne() {
        RedisNode master = cluster.masters().get(2);
        RedisNode replica = cluster.replicasOf(master).get(0);

        master.kill();

        assertThat(master.isAlive()).isFalse();
        assertThat(master.pid()).isEqualTo(-1);
        assertThatThrownBy(() -> master.command("PING")).hasMessageContaining("ended with exit code 137");
        await().atMost(Duration.ofSeconds(20)).until(() -> cluster.masters().contains(replica));

        master.restart();

        assertThat(cluster.replicasOf(replica)).containsExactly(master);
    }

    @Test
    void aReplicaTakesOverWhenItIsAsked() {
        RedisNode master = cluster.masters().get(1);
        RedisNode replica = cluster.replicasOf(master).get(0);

        cluster.forceFailover(replica);

        assertThat(cluster.replicasOf(replica)).containsExactly(master);
    }

    @Test
    void aFrozenNodeAnswersNothingUntilItIsThawed() {
        RedisNode replica = cluster.replicas().get(0);

        replica.freeze();

        assertThat(replica.isFrozen()).isTrue();
        assertThat(replica.isAlive()).isTrue();
        assertThat(cluster.replicas()).hasSize(2).doesNotContain(replica);

        replica.thaw();
        cluster.awaitAgreement();

        assertThat(replica.isFrozen()).isFalse();
        assertThat(replica.command("PING")).isEqualTo("PONG");
    }

    @Test
    void aNodeJoinsAndIsForgotten() {
        RedisNode added = cluster.addNode();

        assertThat(cluster.masters()).hasSize(4).contains(added);

        cluster.forget(added);

        assertThat(cluster.nodes()).hasSize(6);
        assertThatThrownBy(added::restart).hasMessageContaining("cannot be started again");
    }

    @Test
    void aServerThatEndsAtOnceIsQuoted() {
        assertThatThrownBy(() -> RedisCluster.containers(IMAGE)
                        .masters(1)
                        .configuration("nonsense", "yes")
                        .start())
                .isInstanceOf(RedisClusterException.class)
                .hasMessageContainingAll("ended with exit code 1", "nonsense yes", "Its log says why");
    }
}
