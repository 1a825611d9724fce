package io.github.shardedpubsub.pipe;

import static io.github.shardedpubsub.pipe.LivePipe.assertConfirmed;
import static io.github.shardedpubsub.pipe.LivePipe.assertRefused;
import static io.github.shardedpubsub.pipe.LivePipe.await;
import static io.github.shardedpubsub.pipe.LivePipe.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.RedisReplyException;
import io.github.shardedpubsub.test.ServerTrait;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What real servers do to a pipe, in each state that one can bring about. */
@LiveTest
class PipeLiveTests {

    private static RedisCluster cluster;

    private static ClientResources resources;

    private static RedisNode node;

    private static String a;

    private static String b;

    private static String x;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.builder()
                .masters(2)
                .replicas(1)
                .configuration("cluster-require-full-coverage", "no")
                .start();
        resources = DefaultClientResources.create();
        node = cluster.masters().get(0);
        a = cluster.channelOwnedBy(node, "a");
        b = cluster.channelOwnedBy(node, "b");
        x = cluster.channelOwnedBy(cluster.otherMaster(node), "x");
    }

    @AfterAll
    static void stop() {
        resources.shutdown(0, 0, TimeUnit.MILLISECONDS).awaitUninterruptibly();
        cluster.close();
    }

    private static LivePipe pipe() {
        return LivePipe.connected(resources, node);
    }

    private static String subscribers(RedisNode node, String channel) {
        return node.command("PUBSUB", "SHARDNUMSUB", channel)
                .lines()
                .skip(1)
                .findFirst()
                .orElseThrow();
    }

    private static void assertWorks(LivePipe pipe) {
        assertConfirmed(pipe.subscribe(a));
        pipe.assertReceives(node, a);
        assertConfirmed(pipe.unsubscribe(a));
        assertThat(subscribers(node, a)).isEqualTo("0");
        assertThat(pipe.listener.events)
                .doesNotContain("out of step", "disconnected")
                .startsWith("connected");
    }

    @Test
    void subscribesReceivesAndUnsubscribes() {
        try (LivePipe pipe = pipe()) {
            assertConfirmed(pipe.subscribe(a));
            assertThat(subscribers(node, a)).isEqualTo("1");
            assertWorks(pipe);
        }
    }

    @Test
    void hearsOnAClassicChannelWhatIsPublishedAtAnyNode() {
        RedisNode other = cluster.otherMaster(node);
        try (LivePipe pipe = pipe();
                LivePipe publisher = LivePipe.connected(resources, other)) {
            ChannelName classic = ChannelName.of("classic");
            assertConfirmed(pipe.pipe.subscribeClassic(classic));
            assertThat(publisher.pipe.send(PlainCommand.publishClassic(classic, new byte[] {'x'})))
                    .succeedsWithin(LivePipe.LIMIT)
                    .isEqualTo(new Outcome.Answered("0"));
            pipe.awaitEvent("message classic x");
            assertWorks(pipe);
        }
    }

    @Test
    void eachUnitInFlightGetsItsOwnOutcome() {
        try (LivePipe pipe = pipe()) {
            CompletableFuture<Outcome> here = pipe.subscribe(a);
            CompletableFuture<Outcome> elsewhere = pipe.subscribe(x);
            CompletableFuture<Outcome> twoSlots = pipe.subscribe(a, b);
            CompletableFuture<Outcome> never = pipe.unsubscribe(b);
            CompletableFuture<Outcome> neverElsewhere = pipe.unsubscribe(x);
            CompletableFuture<Outcome> done = pipe.unsubscribe(a);
            assertConfirmed(here);
            assertRefused(elsewhere, "MOVED");
            assertRefused(twoSlots, "CROSSSLOT");
            assertConfirmed(never);
            assertRefused(neverElsewhere, "MOVED");
            assertConfirmed(done);
            assertWorks(pipe);
        }
    }

    @Test
    void whenTheSlotMovesAway() {
        try (LivePipe pipe = pipe()) {
            assertConfirmed(pipe.subscribe(b));
            cluster.moveSlot(RedisCluster.slot(b), cluster.otherMaster(node));
            pipe.awaitEvent("ended " + b);
            CompletableFuture<Outcome> again = pipe.subscribe(b);
            CompletableFuture<Outcome> other = pipe.subscribe(a);
            CompletableFuture<Outcome> gone = pipe.unsubscribe(b);
            assertRefused(again, "MOVED");
            assertConfirmed(other);
            assertRefused(gone, "MOVED");
            assertThat(pipe.listener.count("ended " + b)).isOne();
            assertWorks(pipe);
        } finally {
            cluster.moveSlot(RedisCluster.slot(b), node);
        }
    }

    @Test
    void whenNobodyServesTheSlot() {
        try (LivePipe pipe = pipe()) {
            assertConfirmed(pipe.subscribe(b));
            cluster.deleteSlots(RedisCluster.slot(b));
            pipe.awaitEvent("ended " + b);
            CompletableFuture<Outcome> again = pipe.subscribe(b);
            CompletableFuture<Outcome> gone = pipe.unsubscribe(b);
            CompletableFuture<Outcome> other = pipe.subscribe(a);
            assertRefused(again, "CLUSTERDOWN");
            assertRefused(gone, "CLUSTERDOWN");
            assertConfirmed(other);
            assertWorks(pipe);
        } finally {
            cluster.addSlots(node, RedisCluster.slot(b));
        }
    }

    @Test
    void whenSavingFails() throws IOException {
        Path dump = Path.of(
                node.command("CONFIG", "GET", "dir").lines().toList().get(1),
                node.command("CONFIG", "GET", "dbfilename").lines().toList().get(1));
        Files.deleteIfExists(dump);
        // what is written cannot take the place of a folder with something in it
        Path inTheWay = Files.createDirectories(dump.resolve("x"));
        node.command("CONFIG", "SET", "save", "3600 1000");
        try (LivePipe pipe = pipe()) {
            node.command("BGSAVE");
            await(() -> fails("MISCONF"));
            assertPingFailsAndNothingElse(pipe);
        } finally {
            node.command("CONFIG", "SET", "save", "");
            Files.delete(inTheWay);
            Files.delete(dump);
            node.command("BGSAVE");
            await(() -> node.command("INFO", "persistence").contains("rdb_last_bgsave_status:ok"));
        }
    }

    private static boolean fails(String code) {
        try {
            node.command("PING");
            return false;
        } catch (RedisReplyException ex) {
            return ex.error().startsWith(code);
        }
    }

    private static void assertPingFailsAndNothingElse(LivePipe pipe) {
        CompletableFuture<Outcome> here = pipe.subscribe(a);
        CompletableFuture<Outcome> elsewhere = pipe.subscribe(x);
        CompletableFuture<Outcome> gone = pipe.unsubscribe(x);
        CompletableFuture<Outcome> ended = pipe.unsubscribe(a);
        CompletableFuture<Outcome> again = pipe.subscribe(a);
        assertConfirmed(here);
        assertRefused(elsewhere, "MOVED");
        assertRefused(gone, "MOVED");
        assertConfirmed(ended);
        assertConfirmed(again);
        assertThat(subscribers(node, a)).isEqualTo("1");
        assertWorks(pipe);
    }

    @Test
    void whenTheUserMayNotPing() {
        node.command("ACL", "SETUSER", "silent", "on", ">secret", "+@all", "-ping", "~*", "&*");
        try (LivePipe pipe = LivePipe.connected(resources, as("silent"))) {
            assertPingFailsAndNothingElse(pipe);
        } finally {
            node.command("ACL", "DELUSER", "silent");
        }
    }

    private static RedisURI as(String user) {
        return RedisURI.builder()
                .withHost(node.host())
                .withPort(node.port())
                .withAuthentication(user, "secret".toCharArray())
                .build();
    }

    @Test
    void whenTheUserMayNotUseTheChannel() {
        String denied = cluster.channelOwnedBy(node, "run the 'ping' command");
        node.command("ACL", "SETUSER", "narrow", "on", ">secret", "+@all", "~*", "resetchannels", "&" + a);
        try (LivePipe pipe = LivePipe.connected(resources, as("narrow"))) {
            CompletableFuture<Outcome> refused = pipe.subscribe(denied);
            CompletableFuture<Outcome> here = pipe.subscribe(a);
            CompletableFuture<Outcome> gone = pipe.unsubscribe(denied);
            assertRefused(refused, "NOPERM");
            assertConfirmed(here);
            assertConfirmed(gone);
            assertWorks(pipe);
        } finally {
            node.command("ACL", "DELUSER", "narrow");
        }
    }

    @Test
    void whenAScriptRunsTooLong() {
        node.command("CONFIG", "SET", "busy-reply-threshold", "50");
        RedisClient other = RedisClient.create(resources, LivePipe.uri(node));
        try (LivePipe pipe = pipe();
                StatefulRedisConnection<String, String> connection = other.connect()) {
            assertConfirmed(pipe.subscribe(a));
            var script = connection.async().eval("while true do end", ScriptOutputType.STATUS);
            await(() -> fails("BUSY"));
            CompletableFuture<Outcome> ended = pipe.unsubscribe(a);
            CompletableFuture<Outcome> elsewhere = pipe.subscribe(x);
            CompletableFuture<Outcome> here = pipe.subscribe(b);
            assertRefused(ended, "BUSY");
            // the redirect is found out first, and only the PING behind it is refused
            assertRefused(elsewhere, "MOVED");
            assertRefused(here, "BUSY");
            endScript();
            await(script::isDone);
            assertThat(subscribers(node, a)).isEqualTo("1");
            pipe.assertReceives(node, a);
            assertWorks(pipe);
        } finally {
            endScript();
            other.shutdown(0, 0, TimeUnit.MILLISECONDS);
        }
    }

    private static void endScript() {
        try {
            node.command("SCRIPT", "KILL");
        } catch (RedisReplyException ex) {
            assertThat(ex.error()).startsWith("NOTBUSY");
        }
    }

    @Test
    void whenAReplicaHasLostItsMaster() {
        RedisNode replica = cluster.replicasOf(node).get(0);
        replica.command("CONFIG", "SET", "replica-serve-stale-data", "no");
        try (LivePipe pipe = LivePipe.connected(resources, replica)) {
            node.kill();
            await(() -> {
                try {
                    replica.command("PING");
                    return false;
                } catch (RedisReplyException ex) {
                    return ex.error().startsWith("MASTERDOWN");
                }
            });
            CompletableFuture<Outcome> here = pipe.subscribe(a);
            CompletableFuture<Outcome> elsewhere = pipe.subscribe(x);
            CompletableFuture<Outcome> ended = pipe.unsubscribe(a);
            assertConfirmed(here);
            assertRefused(elsewhere, "MOVED");
            if (cluster.has(ServerTrait.REDIRECTS_UNSUBSCRIBING)) {
                assertRefused(ended, "MOVED");
            } else {
                assertConfirmed(ended);
            }
            assertThat(pipe.listener.events).containsExactly("connected");
        } finally {
            node.restart();
            replica.command("CONFIG", "SET", "replica-serve-stale-data", "yes");
        }
    }

    @Test
    void whenPingIsRenamedAway() {
        try (RedisCluster without = RedisCluster.builder()
                        .masters(1)
                        .configuration("rename-command", "PING \"\"")
                        .start();
                LivePipe pipe = LivePipe.connected(resources, without.masters().get(0))) {
            CompletableFuture<Outcome> here = pipe.subscribe("a");
            CompletableFuture<Outcome> twoSlots = pipe.subscribe("a", "b");
            CompletableFuture<Outcome> ended = pipe.unsubscribe("a");
            assertConfirmed(here);
            assertRefused(twoSlots, "CROSSSLOT");
            assertConfirmed(ended);
            assertThat(pipe.listener.events).containsExactly("connected");
        }
    }

    @Test
    void aKilledConnectionIsOpenedAgainWithoutItsSubscriptions() {
        try (LivePipe pipe = pipe()) {
            assertConfirmed(pipe.subscribe(a));
            node.killClients("pubsub");
            await(() -> pipe.listener.count("connected") == 2);
            assertThat(pipe.listener.events).containsExactly("connected", "disconnected", "connected");
            assertThat(subscribers(node, a)).isEqualTo("0");
            assertConfirmed(pipe.subscribe(a));
            pipe.assertReceives(node, a);
        }
    }

    @Test
    void whatIsInFlightWhenTheConnectionEndsIsUnknown() {
        try (LivePipe pipe = pipe()) {
            assertConfirmed(pipe.subscribe(a));
            node.freeze();
            pipe.listener.watch("ended", pipe.unsubscribe(a));
            pipe.listener.watch("other", pipe.subscribe(b));
            pipe.pipe.reconnect("closed on request");
            pipe.awaitEvent("other: unknown");
            assertThat(pipe.listener.events)
                    .containsExactly("connected", "disconnected", "ended: unknown", "other: unknown");
            node.thaw();
            await(pipe.pipe::isConnected);
            // nothing of what was in flight was sent again
            await(() -> subscribers(node, b).equals("0"));
            assertConfirmed(pipe.subscribe(b));
        } finally {
            node.thaw();
            cluster.awaitAgreement();
        }
    }

    @Test
    void aFrozenNodeIsFoundOutByTheHeartbeatOrByAUnit() {
        PipeSettings impatient = new PipeSettings(Duration.ofMillis(200), Duration.ofMillis(200));
        PipeSettings withoutHeartbeat = new PipeSettings(Duration.ofMillis(200), Duration.ZERO);
        try (LivePipe idle = new LivePipe(resources, LivePipe.uri(node), impatient);
                LivePipe waiting = new LivePipe(resources, LivePipe.uri(node), withoutHeartbeat)) {
            idle.awaitConnected();
            waiting.awaitConnected();
            assertConfirmed(waiting.subscribe(a));
            node.freeze();
            CompletableFuture<Outcome> ended = waiting.unsubscribe(a);
            idle.awaitEvent("disconnected");
            assertThat(outcome(ended)).isEqualTo("unknown");
            assertThat(waiting.listener.events).startsWith("connected", "disconnected");
            node.thaw();
            idle.awaitConnected();
            waiting.awaitConnected();
            assertConfirmed(waiting.subscribe(a));
        } finally {
            node.thaw();
            cluster.awaitAgreement();
        }
    }

    @Test
    void aPipeThatIsNotReadIsNotTakenForOneThatDoesNotAnswer() {
        PipeSettings impatient = new PipeSettings(Duration.ofMillis(150), Duration.ofMillis(150));
        try (LivePipe pipe = new LivePipe(resources, LivePipe.uri(node), impatient)) {
            pipe.awaitConnected();
            assertConfirmed(pipe.subscribe(a));

            pipe.pipe.pauseReading();
            node.command("SPUBLISH", a, "later");
            CompletableFuture<Outcome> fence = pipe.pipe.fence();
            Awaitility.await()
                    .during(Duration.ofSeconds(1))
                    .atMost(LivePipe.LIMIT)
                    .until(() -> pipe.pipe.isConnected()
                            && !fence.isDone()
                            && !pipe.listener.saw("message " + a + " later"));
            pipe.pipe.resumeReading();

            pipe.awaitEvent("message " + a + " later");
            assertConfirmed(fence);
            assertThat(pipe.listener.events).doesNotContain("disconnected");
        }
    }

    @Test
    void aHeartbeatKeepsAnIdleConnection() {
        PipeSettings often = new PipeSettings(Duration.ofSeconds(5), Duration.ofMillis(20));
        RedisURI uri = LivePipe.uri(node);
        uri.setClientName("beating");
        try (LivePipe pipe = new LivePipe(resources, uri, often)) {
            pipe.awaitConnected();
            await(() -> node.command("CLIENT", "LIST")
                    .lines()
                    .anyMatch(line -> line.contains("name=beating ") && line.contains(" cmd=ping ")));
            // nobody has asked for the heartbeat's PINGs, so nobody is told of them
            assertThat(pipe.listener.finished).isEmpty();
            assertThat(pipe.listener.events).containsExactly("connected");
        }
    }

    @Test
    void aNodeThatIsNotThereIsTold() {
        try (LivePipe pipe = new LivePipe(resources, RedisURI.create("redis://127.0.0.1:1"), PipeSettings.DEFAULTS)) {
            pipe.awaitEvent("connect failed");
            assertThat(outcome(pipe.subscribe(a))).isEqualTo("unknown");
            assertThat(pipe.listener.events).containsExactly("connect failed");
        }
    }

    @Test
    void aWrongPasswordIsTold() {
        try (LivePipe pipe = new LivePipe(resources, as("nobody"), PipeSettings.DEFAULTS)) {
            pipe.awaitEvent("connect failed");
            assertThat(pipe.listener.events).containsExactly("connect failed");
        }
    }

    @Test
    void credentialsAndClientNameReachTheServer() {
        node.command("ACL", "SETUSER", "app", "on", ">secret", "+@all", "~*", "&*");
        RedisURI uri = as("app");
        uri.setClientName("orders");
        try (LivePipe pipe = LivePipe.connected(resources, uri)) {
            assertConfirmed(pipe.subscribe(a));
            assertThat(node.command("CLIENT", "LIST", "TYPE", "pubsub").lines())
                    .filteredOn(line -> line.contains("name=orders "))
                    .singleElement()
                    .asString()
                    .contains(" user=app ", " resp=3", " ssub=1 ");
            // who is no longer there is thrown out, and stays out
            node.command("ACL", "DELUSER", "app");
            pipe.awaitEvent("disconnected");
            assertThat(pipe.pipe.isConnected()).isFalse();
        }
    }

    @Test
    void aClosedPipeTellsNothingMore() {
        LivePipe pipe = pipe();
        pipe.close();
        assertThat(outcome(pipe.subscribe(a))).isEqualTo("unknown");
        pipe.pipe.closeAsync().join();
        assertThat(pipe.listener.events).isEqualTo(List.of("connected"));
    }
}
