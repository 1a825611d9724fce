package io.github.shardedpubsub.test;

import static io.github.shardedpubsub.test.ServerTrait.ENDS_EARLY_SUBSCRIPTIONS_AT_THE_CUT_OVER;
import static io.github.shardedpubsub.test.ServerTrait.ENDS_SUBSCRIPTIONS_AT_A_RESET;
import static io.github.shardedpubsub.test.ServerTrait.ENDS_SUBSCRIPTIONS_AT_THE_PROMOTED_REPLICA;
import static io.github.shardedpubsub.test.ServerTrait.ENDS_SUBSCRIPTIONS_OF_A_REPARENTED_REPLICA;
import static io.github.shardedpubsub.test.ServerTrait.MIGRATES_SLOTS_ATOMICALLY;
import static io.github.shardedpubsub.test.ServerTrait.NAMES_SHARDS;
import static io.github.shardedpubsub.test.ServerTrait.REDIRECTS_UNSUBSCRIBING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What servers do with shard subscriptions of their own accord, on raw connections: what all have in common, and each {@link ServerTrait}.
 */
@Tag("live")
class ServerFactsTests {

    private static RedisCluster cluster;

    private RedisNode master;

    private RedisNode replica;

    private String channel;

    private int slot;

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

    @BeforeEach
    void choose() {
        master = cluster.masters().get(0);
        replica = cluster.replicasOf(master).get(0);
        channel = cluster.channelOwnedBy(master, "fact");
        slot = RedisCluster.slot(channel);
    }

    @AfterEach
    void isWholeAgain() {
        cluster.awaitAgreement();
    }

    private TestClient subscriberAt(RedisNode node) {
        TestClient client = new TestClient(node);
        assertThat(client.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");
        return client;
    }

    /** What a subscriber is told that is ended, if servers with the trait end it and others do not. */
    private List<String> endedBy(ServerTrait trait) {
        return cluster.has(trait) ? List.of("sunsubscribe " + channel) : List.of();
    }

    private String publishedAt(RedisNode node, String message) {
        return node.command("SPUBLISH", channel, message);
    }

    @ParameterizedTest
    @EnumSource
    void aSlotThatMovesEndsItsSubscriptionsAtTheSourceWhicheverWayItMoves(SlotMove order) {
        RedisNode target = cluster.otherMaster(master);
        try (TestClient subscriber = subscriberAt(master)) {
            cluster.moveSlot(slot, target, order);

            assertThat(subscriber.heard()).containsExactly("sunsubscribe " + channel);
            assertThat(subscriber.outcome("SSUBSCRIBE", channel)).isEqualTo("MOVED");
            assertThat(subscriber.outcome("SUNSUBSCRIBE", channel)).isEqualTo("MOVED");
        }
    }

    @Test
    void aSlotAssignedAgainToItsOwnerEndsItsSubscriptionsThoughNothingMoves() {
        try (TestClient subscriber = subscriberAt(master)) {
            cluster.assignAgain(slot);

            assertThat(subscriber.heard()).containsExactly("sunsubscribe " + channel);
            assertThat(subscriber.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");
        }
    }

    @Test
    void anEarlySubscriptionAtTheImportingNode() {
        RedisNode target = cluster.otherMaster(master);
        setSlot(target, "IMPORTING", master);
        setSlot(master, "MIGRATING", target);
        try (TestClient early = new TestClient(target)) {
            assertThat(early.outcome("SSUBSCRIBE", channel)).isEqualTo("MOVED");
            assertThat(early.outcome("ASKING")).isEqualTo("OK");
            assertThat(early.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");

            setSlot(target, "NODE", target);

            assertThat(early.heard()).isEqualTo(endedBy(ENDS_EARLY_SUBSCRIPTIONS_AT_THE_CUT_OVER));
            assertThat(early.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");
            publishedAt(target, "once");
            assertThat(early.heard()).containsExactly("smessage " + channel + " once");
        } finally {
            setSlot(master, "NODE", target);
        }
    }

    private void setSlot(RedisNode node, String state, RedisNode other) {
        node.command("CLUSTER", "SETSLOT", Integer.toString(slot), state, other.id());
    }

    /** Unlike a key that is not there, which is redirected with {@code ASK}. */
    @Test
    void publishingWhileTheSlotMigratesAway() {
        RedisNode target = cluster.otherMaster(master);
        try (TestClient subscriber = subscriberAt(master);
                TestClient publisher = new TestClient(target)) {
            setSlot(target, "IMPORTING", master);
            setSlot(master, "MIGRATING", target);

            assertThat(publishedAt(master, "at the source")).isEqualTo("1");
            assertThat(subscriber.heard()).containsExactly("smessage " + channel + " at the source");
            assertThat(publisher.outcome("SPUBLISH", channel, "at the target")).isEqualTo("MOVED");
            assertThat(subscriber.heard()).isEmpty();
        } finally {
            stable();
        }
    }

    private void stable() {
        cluster.masters().forEach(node -> node.command("CLUSTER", "SETSLOT", Integer.toString(slot), "STABLE"));
    }

    @Test
    void unsubscribingWhileTheSlotMigratesAway() {
        RedisNode target = cluster.otherMaster(master);
        try (TestClient subscriber = subscriberAt(master)) {
            setSlot(target, "IMPORTING", master);
            setSlot(master, "MIGRATING", target);

            boolean redirects = cluster.has(REDIRECTS_UNSUBSCRIBING);
            assertThat(subscriber.outcome("SUNSUBSCRIBE", channel)).isEqualTo(redirects ? "ASK" : "sunsubscribe");
            assertThat(publishedAt(master, "x")).isEqualTo(redirects ? "1" : "0");
            assertThat(subscriber.heard()).hasSize(redirects ? 1 : 0);
            assertThat(subscriber.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");
        } finally {
            stable();
        }
    }

    @Test
    void aReplicaServesSubscribersOfItsShard() {
        try (TestClient subscriber = subscriberAt(replica)) {
            publishedAt(master, "from above");
            await().untilAsserted(() ->
                    assertThat(subscriber.heard()).containsExactly("smessage " + channel + " from above"));

            boolean redirects = cluster.has(REDIRECTS_UNSUBSCRIBING);
            assertThat(subscriber.outcome("SUNSUBSCRIBE", channel)).isEqualTo(redirects ? "MOVED" : "sunsubscribe");
        }
    }

    @Test
    void aFailoverEndsSubscriptionsAtTheOldMaster() {
        try (TestClient above = subscriberAt(master);
                TestClient below = subscriberAt(replica)) {
            cluster.forceFailover(replica);

            assertThat(above.heard()).containsExactly("sunsubscribe " + channel);
            assertThat(below.heard()).isEqualTo(endedBy(ENDS_SUBSCRIPTIONS_AT_THE_PROMOTED_REPLICA));
            assertThat(above.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");
        }
    }

    @Test
    void aMasterThatWasFailedOverTakesMessagesAndPassesThemOnToItsNewMaster() {
        cluster.forceFailover(replica);
        try (TestClient subscriber = subscriberAt(replica)) {
            publishedAt(master, "by its old master");

            await().untilAsserted(() ->
                    assertThat(subscriber.heard()).containsExactly("smessage " + channel + " by its old master"));
        }
    }

    @Test
    void aMasterThatKeepsASlotWhenItsReplicaTakesTheOthers() {
        master.freeze();
        replica.command("CLUSTER", "DELSLOTS", Integer.toString(slot));
        replica.command("CLUSTER", "FAILOVER", "TAKEOVER");
        master.thaw();
        await().until(() -> cluster.slotsOf(master).cardinality() == 1);
        cluster.awaitAgreement();
        setSlot(replica, "IMPORTING", master);
        setSlot(master, "MIGRATING", replica);
        try (TestClient early = new TestClient(replica)) {
            assertThat(early.outcome("ASKING")).isEqualTo("OK");
            assertThat(early.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");

            publishedAt(master, "passed on");

            List<String> passedOn =
                    cluster.has(NAMES_SHARDS) ? List.of("smessage " + channel + " passed on") : List.of();
            await().untilAsserted(() -> assertThat(early.heard()).isEqualTo(passedOn));
            String shard = shardOf(replica);
            assertThat(shardOf(master)).isEqualTo(shard);
            assertThat(shard.equals("ERR")).isEqualTo(!cluster.has(NAMES_SHARDS));
        } finally {
            // with its last slot gone the master can be a replica before it is told of the move itself
            cluster.moveSlot(slot, replica, SlotMove.GOSSIP_ONLY);
            cluster.reparent(master, replica);
        }
    }

    private static String shardOf(RedisNode node) {
        try (TestClient client = new TestClient(node)) {
            return client.outcome("CLUSTER", "MYSHARDID");
        }
    }

    @Test
    void aReplicaIsGivenAnotherMaster() {
        RedisNode other = cluster.otherMaster(master);
        try (TestClient subscriber = subscriberAt(replica)) {
            cluster.reparent(replica, other);

            assertThat(subscriber.heard()).isEqualTo(endedBy(ENDS_SUBSCRIPTIONS_OF_A_REPARENTED_REPLICA));
            publishedAt(master, "not for that shard");
            assertThat(subscriber.heard()).isEmpty();
            assertThat(subscriber.outcome("SSUBSCRIBE", channel)).isEqualTo("MOVED");
        } finally {
            cluster.reparent(replica, master);
        }
    }

    @Test
    void aReplicaIsReset() {
        try (TestClient subscriber = subscriberAt(replica)) {
            cluster.reset(replica);

            assertThat(subscriber.heard()).isEqualTo(endedBy(ENDS_SUBSCRIPTIONS_AT_A_RESET));
        } finally {
            cluster.rejoin(replica);
            cluster.reparent(replica, master);
        }
    }

    @Test
    void aDeletedSlotEndsItsSubscriptionsAndAClusterThatFailsKeepsTheOthers() {
        RedisNode other = cluster.otherMaster(master);
        String elsewhere = cluster.channelOwnedBy(other, "kept");
        try (TestClient subscriber = subscriberAt(master);
                TestClient bystander = new TestClient(other)) {
            bystander.outcome("SSUBSCRIBE", elsewhere);

            cluster.deleteSlots(slot);

            assertThat(subscriber.heard()).containsExactly("sunsubscribe " + channel);
            assertThat(subscriber.outcome("SSUBSCRIBE", channel)).isEqualTo("CLUSTERDOWN");
            await().until(() -> other.command("CLUSTER", "INFO").contains("cluster_state:fail"));
            assertThat(bystander.heard()).isEmpty();
            assertThat(other.command("PUBSUB", "SHARDNUMSUB", elsewhere)).endsWith("\n1");
        } finally {
            cluster.addSlots(master, slot);
        }
    }

    @Test
    void aPermissionTakenAwayClosesTheConnection() {
        for (String change : List.of("resetchannels", "off")) {
            master.command("ACL", "SETUSER", "listener", "on", ">secret", "+@all", "&*");
            try (TestClient subscriber = new TestClient(master)) {
                subscriber.call("AUTH", "listener", "secret");
                assertThat(subscriber.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");
                if (change.equals("off")) {
                    master.command("ACL", "DELUSER", "listener");
                } else {
                    master.command("ACL", "SETUSER", "listener", change);
                }
                assertThat(subscriber.isEnded()).as(change).isTrue();
            }
        }
        master.command("ACL", "DELUSER", "listener");
    }

    @Test
    void aKilledMasterTellsNobodyAndClosesTheConnection() {
        try (TestClient subscriber = subscriberAt(master)) {
            master.kill();

            assertThat(subscriber.isEnded()).isTrue();
        } finally {
            master.restart();
        }
    }

    @Test
    void aRangeOfSlotsMigratedAtOneStroke() {
        RedisNode target = cluster.otherMaster(master);
        int last = slot + 1;
        String next = RedisCluster.channelInSlot(last, "next");
        if (!cluster.has(MIGRATES_SLOTS_ATOMICALLY)) {
            assertThatThrownBy(() -> cluster.migrateSlots(slot, last, target))
                    .isInstanceOf(RedisClusterException.class)
                    .hasMessageContainingAll(cluster.serverVersion(), "Valkey 9");
            assertThatThrownBy(() -> master.command("CLUSTER", "GETSLOTMIGRATIONS"))
                    .isInstanceOf(RedisReplyException.class);
            return;
        }
        String key = RedisCluster.channelInSlot(last, "key");
        master.command("SET", key, "kept");
        try (TestClient subscriber = subscriberAt(master)) {
            subscriber.outcome("SSUBSCRIBE", next);

            cluster.migrateSlots(slot, last, target);

            assertThat(subscriber.heard()).containsExactlyInAnyOrder("sunsubscribe " + channel, "sunsubscribe " + next);
            assertThat(subscriber.outcome("SSUBSCRIBE", channel)).isEqualTo("MOVED");
            assertThat(target.command("GET", key)).isEqualTo("kept");
            assertThat(cluster.owner(last)).isSameAs(target);
            assertThatThrownBy(() -> cluster.migrateSlots(slot, last, target)).isInstanceOf(RedisReplyException.class);
        }
    }
}
