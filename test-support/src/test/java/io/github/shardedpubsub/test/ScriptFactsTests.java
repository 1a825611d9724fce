package io.github.shardedpubsub.test;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What servers do with a script that keeps a message in a stream and publishes it to a shard channel of the same slot; all do the same.
 */
@Tag("live")
class ScriptFactsTests {

    private static final String SCRIPT = "local id = redis.call('XADD', KEYS[1], '*', 'p', ARGV[2])"
            + " redis.call('PEXPIRE', KEYS[1], 60000)"
            + " redis.call('SPUBLISH', ARGV[1], ARGV[2])"
            + " return redis.call('CLUSTER', 'MYID')";

    private static RedisCluster cluster;

    private RedisNode source;

    private RedisNode target;

    private String channel;

    private String key;

    private String slot;

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
        source = cluster.masters().get(0);
        target = cluster.otherMaster(source);
        channel = cluster.channelOwnedBy(source, "fact");
        key = "history{" + channel + "}";
        slot = Integer.toString(RedisCluster.slot(channel));
        source.command("DEL", key);
    }

    private String[] script(String message) {
        return new String[] {"EVAL", SCRIPT, "1", key, channel, message};
    }

    private String[] scriptThatDeclaresTheChannel() {
        return new String[] {"EVAL", SCRIPT, "2", key, channel, channel, "x"};
    }

    private static TestClient subscriber(RedisNode node, String channel) {
        TestClient client = new TestClient(node);
        assertThat(client.outcome("SSUBSCRIBE", channel)).isEqualTo("ssubscribe");
        return client;
    }

    @Test
    void itPublishesToAChannelThatIsNotDeclaredAndKnowsItsNode() {
        try (TestClient subscriber = subscriber(source, channel);
                TestClient publisher = new TestClient(source)) {
            assertThat(publisher.outcome(script("one"))).isEqualTo(source.id());
            assertThat(subscriber.heard()).containsExactly("smessage " + channel + " one");
            assertThat(source.command("XLEN", key)).isEqualTo("1");
        }
    }

    @Test
    void itGoesWithItsKeyWhileTheSlotMigrates() {
        try (TestClient subscriber = subscriber(source, channel);
                TestClient atSource = new TestClient(source);
                TestClient atTarget = new TestClient(target)) {
            assertThat(atSource.outcome(script("before"))).isEqualTo(source.id());
            target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id());
            source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id());

            assertThat(atSource.outcome(script("the key is here"))).isEqualTo(source.id());
            assertThat(atSource.outcome(scriptThatDeclaresTheChannel())).isEqualTo("TRYAGAIN");
            assertThat(subscriber.heard())
                    .containsExactly("smessage " + channel + " before", "smessage " + channel + " the key is here");

            source.command("MIGRATE", target.host(), Integer.toString(target.port()), key, "0", "5000");
            assertThat(atSource.outcome(script("gone"))).isEqualTo("ASK");
            assertThat(atSource.outcome("XRANGE", key, "-", "+")).isEqualTo("ASK");
            assertThat(atTarget.outcome(script("not asking"))).isEqualTo("MOVED");
            try (TestClient early = new TestClient(target)) {
                early.call("ASKING");
                early.call("SSUBSCRIBE", channel);
                atTarget.call("ASKING");
                assertThat(atTarget.outcome(script("asking"))).isEqualTo(target.id());
                assertThat(early.heard()).containsExactly("smessage " + channel + " asking");
            }
            // whoever is still there hears nothing of it, and is not told either
            assertThat(subscriber.heard()).isEmpty();
        } finally {
            target.command("CLUSTER", "SETSLOT", slot, "NODE", target.id());
            source.command("CLUSTER", "SETSLOT", slot, "NODE", target.id());
            cluster.awaitAgreement();
        }
    }

    @Test
    void aReplicaRefusesIt() {
        try (TestClient replica = new TestClient(cluster.replicasOf(source).get(0))) {
            assertThat(replica.outcome(script("x"))).isEqualTo("MOVED");
            replica.call("READONLY");
            assertThat(replica.outcome(script("x"))).isIn("READONLY", "ERR");
        }
    }

    @Test
    void itNeedsThePermissionsOfAllThatItCalls() {
        List<String> all = List.of("+eval", "+xadd", "+pexpire", "+spublish", "+cluster|myid", "~history*", "&fact*");
        assertThat(outcomeWith(all)).isEqualTo(source.id());
        for (String one : all) {
            List<String> others = new ArrayList<>(all);
            others.remove(one);
            assertThat(outcomeWith(others)).as("without " + one).isIn("NOPERM", "ERR");
        }
    }

    private String outcomeWith(List<String> rules) {
        List<String> user = new ArrayList<>(List.of("ACL", "SETUSER", "writer", "reset", "on", ">secret"));
        user.addAll(rules);
        source.command(user.toArray(String[]::new));
        try (TestClient client = new TestClient(source)) {
            client.call("AUTH", "writer", "secret");
            return client.outcome(script("x"));
        } finally {
            source.command("ACL", "DELUSER", "writer");
        }
    }
}
