package io.github.shardedpubsub.pipe;

import static io.github.shardedpubsub.pipe.LivePipe.SOON;
import static io.github.shardedpubsub.pipe.LivePipe.assertConfirmed;
import static io.github.shardedpubsub.pipe.LivePipe.assertRefused;
import static io.github.shardedpubsub.pipe.LivePipe.outcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.RedisReplyException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What a live server answers to units in the states in which a PING or a pub/sub command fails. In each, further units are pipelined
 * behind, and every unit gets its own outcome.
 */
class LiveFenceTests {

    private static RedisCluster cluster;

    private static ClientResources resources;

    private static RedisNode node;

    /** Two channels whose slots the node serves, and one whose slot it does not. */
    private static String here;

    private static String alsoHere;

    private static String elsewhere;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.builder()
                .masters(2)
                .replicas(1)
                .configuration("enable-protected-configs", "yes")
                .configuration("cluster-require-full-coverage", "no")
                .start();
        resources = DefaultClientResources.create();
        node = cluster.masters().get(0);
        here = cluster.channelOwnedBy(node, "here");
        alsoHere = cluster.channelOwnedBy(node, "also-here");
        elsewhere = cluster.channelOwnedBy(cluster.otherMaster(node), "elsewhere");
    }

    @AfterAll
    static void stop() throws InterruptedException {
        resources.shutdown(0, 1, TimeUnit.SECONDS).await();
        cluster.close();
    }

    private static String moved(String channel) {
        return "MOVED " + RedisCluster.slot(channel) + " ";
    }

    /** After the state is over, everything goes its usual way on the same connection. */
    private static void worksAsEver(LivePipe pipe) {
        assertConfirmed(pipe.subscribe(here));
        assertThat(node.command("SPUBLISH", here, "after")).isEqualTo("1");
        pipe.awaitTold("message " + here + " after");
        assertConfirmed(pipe.unsubscribe(here));
        assertThat(node.command("SPUBLISH", here, "gone")).isEqualTo("0");
        assertThat(pipe.told()).noneMatch(told -> told.startsWith("outOfStep") || told.startsWith("disconnected"));
    }

    @Test
    void aSlotServedElsewhere() {
        try (LivePipe pipe = LivePipe.open(resources, node)) {
            CompletableFuture<Outcome> first = pipe.subscribe(here);
            CompletableFuture<Outcome> wrong = pipe.subscribe(elsewhere);
            CompletableFuture<Outcome> alsoWrong = pipe.unsubscribe(elsewhere);
            CompletableFuture<Outcome> mixed = pipe.subscribe(here, elsewhere);
            CompletableFuture<Outcome> last = pipe.unsubscribe(here);
            assertConfirmed(first);
            assertRefused(wrong, moved(elsewhere));
            assertRefused(alsoWrong, moved(elsewhere));
            assertRefused(mixed, "CROSSSLOT");
            assertConfirmed(last);
            worksAsEver(pipe);
        }
    }

    @Test
    void aSlotThatMovesAway() {
        String moving = cluster.channelOwnedBy(node, "moving");
        RedisNode other = cluster.otherMaster(node);
        try (LivePipe pipe = LivePipe.open(resources, node)) {
            assertConfirmed(pipe.subscribe(moving));
            cluster.moveSlot(RedisCluster.slot(moving), other);
            pipe.awaitTold("ended " + moving);
            CompletableFuture<Outcome> again = pipe.subscribe(moving);
            CompletableFuture<Outcome> between = pipe.subscribe(here);
            CompletableFuture<Outcome> end = pipe.unsubscribe(moving);
            CompletableFuture<Outcome> last = pipe.unsubscribe(here);
            assertRefused(again, moved(moving) + other.address());
            assertConfirmed(between);
            assertRefused(end, moved(moving) + other.address());
            assertConfirmed(last);
            assertThat(pipe.told("ended " + moving)).isEqualTo(1);
            worksAsEver(pipe);
        } finally {
            cluster.moveSlot(RedisCluster.slot(moving), node);
        }
    }

    @Test
    void aSlotAssignedToNobody() {
        String orphan = cluster.channelOwnedBy(node, "orphan");
        int slot = RedisCluster.slot(orphan);
        try (LivePipe pipe = LivePipe.open(resources, node)) {
            assertConfirmed(pipe.subscribe(orphan));
            cluster.deleteSlots(slot);
            pipe.awaitTold("ended " + orphan);
            CompletableFuture<Outcome> down = pipe.subscribe(orphan);
            CompletableFuture<Outcome> up = pipe.subscribe(here);
            CompletableFuture<Outcome> alsoDown = pipe.unsubscribe(orphan);
            assertRefused(down, "CLUSTERDOWN");
            assertConfirmed(up);
            assertRefused(alsoDown, "CLUSTERDOWN");
            worksAsEver(pipe);
        } finally {
            cluster.addSlots(node, slot);
        }
    }

    @Test
    void savingFails() throws IOException {
        Path folder = Path.of(
                node.command("CONFIG", "GET", "dir").lines().skip(1).findFirst().orElseThrow());
        String dump = node.command("CONFIG", "GET", "dbfilename")
                .lines()
                .skip(1)
                .findFirst()
                .orElseThrow();
        // a file cannot be renamed to the name of a folder
        Path inTheWay = Files.createDirectory(folder.resolve("in-the-way"));
        try (LivePipe pipe = LivePipe.open(resources, node)) {
            node.command("CONFIG", "SET", "dbfilename", "in-the-way", "save", "3600 1");
            node.command("BGSAVE");
            await().atMost(SOON).until(() -> replies("MISCONF", "PING"));
            CompletableFuture<Outcome> subscribe = pipe.subscribe(here);
            CompletableFuture<Outcome> wrong = pipe.subscribe(elsewhere);
            CompletableFuture<Outcome> unsubscribe = pipe.unsubscribe(here);
            CompletableFuture<Outcome> alsoWrong = pipe.unsubscribe(elsewhere);
            CompletableFuture<Outcome> last = pipe.subscribe(alsoHere);
            assertConfirmed(subscribe);
            assertRefused(wrong, moved(elsewhere));
            assertConfirmed(unsubscribe);
            assertRefused(alsoWrong, moved(elsewhere));
            assertConfirmed(last);
            assertThat(node.command("PUBSUB", "SHARDNUMSUB", here, alsoHere))
                    .isEqualTo(here + "\n0\n" + alsoHere + "\n1");
            node.command("CONFIG", "SET", "save", "", "dbfilename", dump);
            worksAsEver(pipe);
        } finally {
            node.command("CONFIG", "SET", "save", "", "dbfilename", dump);
            Files.delete(inTheWay);
        }
    }

    @Test
    void aReplicaWhoseMasterIsGone() {
        RedisNode replica = cluster.replicasOf(node).get(0);
        replica.command("CONFIG", "SET", "cluster-replica-no-failover", "yes", "replica-serve-stale-data", "no");
        try (LivePipe pipe = LivePipe.open(resources, replica)) {
            assertConfirmed(pipe.subscribe(here));
            node.kill();
            await().atMost(SOON).until(() -> replies(replica, "MASTERDOWN", "PING"));
            CompletableFuture<Outcome> subscribe = pipe.subscribe(alsoHere);
            CompletableFuture<Outcome> wrong = pipe.subscribe(elsewhere);
            CompletableFuture<Outcome> unsubscribe = pipe.unsubscribe(here);
            assertConfirmed(subscribe);
            assertRefused(wrong, moved(elsewhere));
            assertConfirmed(unsubscribe);
            assertThat(pipe.told()).containsExactly("connected");
        } finally {
            node.restart();
            replica.command("CONFIG", "SET", "cluster-replica-no-failover", "no", "replica-serve-stale-data", "yes");
            cluster.awaitAgreement();
        }
    }

    @Test
    void aScriptRunsTooLong() throws IOException {
        node.command("CONFIG", "SET", "busy-reply-threshold", "1");
        try (LivePipe pipe = LivePipe.open(resources, node)) {
            assertConfirmed(pipe.subscribe(here));
            CompletableFuture<Outcome> subscribe;
            CompletableFuture<Outcome> unsubscribe;
            CompletableFuture<Outcome> wrong;
            try (Socket script = endlessScript()) {
                await().atMost(SOON).until(() -> replies("BUSY", "GET", here));
                subscribe = pipe.subscribe(alsoHere);
                unsubscribe = pipe.unsubscribe(here);
                wrong = pipe.subscribe(elsewhere);
                // where a slot is served is looked at before, so the last gets its redirect; every PING fails
                List.of(subscribe, unsubscribe, wrong).forEach(LivePipe::outcome);
                assertThat(script.isConnected()).isTrue();
            } finally {
                node.command("SCRIPT", "KILL");
                await().atMost(SOON).until(() -> !replies("BUSY", "GET", here));
            }
            assertRefused(subscribe, "BUSY");
            assertRefused(unsubscribe, "BUSY");
            assertRefused(wrong, moved(elsewhere));
            assertThat(node.command("PUBSUB", "SHARDNUMSUB", here, alsoHere))
                    .isEqualTo(here + "\n1\n" + alsoHere + "\n0");
            worksAsEver(pipe);
        } finally {
            node.command("CONFIG", "SET", "busy-reply-threshold", "5000");
        }
    }

    private static Socket endlessScript() throws IOException {
        Socket socket = new Socket(node.host(), node.port());
        socket.getOutputStream().write("EVAL \"while true do end\" 0\r\n".getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    @Test
    void aUserWithoutPing() {
        node.command("ACL", "SETUSER", "noping", "reset", "on", ">secret", "+@all", "-ping", "allchannels", "allkeys");
        try (LivePipe pipe = LivePipe.open(resources, user("noping"))) {
            CompletableFuture<Outcome> subscribe = pipe.subscribe(here);
            CompletableFuture<Outcome> wrong = pipe.subscribe(elsewhere);
            CompletableFuture<Outcome> unsubscribe = pipe.unsubscribe(here);
            CompletableFuture<Outcome> last = pipe.subscribe(alsoHere);
            assertConfirmed(subscribe);
            assertRefused(wrong, moved(elsewhere));
            assertConfirmed(unsubscribe);
            assertConfirmed(last);
            worksAsEver(pipe);
        } finally {
            node.command("ACL", "DELUSER", "noping");
        }
    }

    @Test
    void aUserWithoutTheChannel() {
        node.command(
                "ACL", "SETUSER", "narrow", "reset", "on", ">secret", "+@all", "resetchannels", "&" + here, "allkeys");
        try (LivePipe pipe = LivePipe.open(resources, user("narrow"))) {
            CompletableFuture<Outcome> denied = pipe.subscribe(alsoHere);
            CompletableFuture<Outcome> subscribe = pipe.subscribe(here);
            CompletableFuture<Outcome> notThere = pipe.unsubscribe(alsoHere);
            CompletableFuture<Outcome> unsubscribe = pipe.unsubscribe(here);
            assertRefused(denied, "NOPERM");
            assertConfirmed(subscribe);
            assertConfirmed(notThere);
            assertConfirmed(unsubscribe);
            worksAsEver(pipe);
        } finally {
            node.command("ACL", "DELUSER", "narrow");
        }
    }

    private static RedisURI user(String name) {
        return RedisURI.builder(LivePipe.uri(node))
                .withAuthentication(name, "secret".toCharArray())
                .withClientName("fenced-" + name)
                .build();
    }

    @Test
    void credentialsAndClientNameReachTheServer() {
        node.command("ACL", "SETUSER", "app", "reset", "on", ">secret", "+@all", "allchannels", "allkeys");
        try (LivePipe pipe = LivePipe.open(resources, user("app"))) {
            assertConfirmed(pipe.subscribe(here));
            assertThat(node.command("CLIENT", "LIST").lines())
                    .anyMatch(line ->
                            line.contains("name=fenced-app") && line.contains("user=app") && line.contains("resp=3"));
        } finally {
            node.command("ACL", "DELUSER", "app");
        }
    }

    @Test
    void aClosedConnectionIsOpenedAgainAndHoldsNothing() {
        try (LivePipe pipe = LivePipe.open(resources, node)) {
            assertConfirmed(pipe.subscribe(here));
            assertThat(node.killClients("pubsub")).isEqualTo(1);
            await().atMost(SOON).until(() -> pipe.told("connected") == 2);
            assertThat(pipe.told()).hasSize(3);
            assertThat(pipe.told().get(1)).startsWith("disconnected");
            assertThat(node.command("SPUBLISH", here, "nobody")).isEqualTo("0");
            assertConfirmed(pipe.subscribe(here));
        }
    }

    @Test
    void aFrozenNodeIsNoticed() {
        PipeSettings impatient = new PipeSettings(Duration.ofMillis(400), Duration.ofMillis(200));
        try (LivePipe pipe = new LivePipe(resources, LivePipe.uri(node), impatient)) {
            pipe.awaitTold("connected");
            assertConfirmed(pipe.subscribe(here));
            node.freeze();
            try {
                pipe.awaitTold("disconnected: nothing received");
                assertThat(outcome(pipe.subscribe(alsoHere))).isInstanceOf(Outcome.Unknown.class);
            } finally {
                node.thaw();
            }
            await().atMost(SOON).until(() -> pipe.told("connected") == 2);
            worksAsEverAfterReconnect(pipe);
        } finally {
            cluster.awaitAgreement();
        }
    }

    private static void worksAsEverAfterReconnect(LivePipe pipe) {
        assertConfirmed(pipe.subscribe(here));
        assertConfirmed(pipe.unsubscribe(here));
        assertThat(pipe.told()).noneMatch(told -> told.startsWith("outOfStep"));
    }

    @Test
    void aNodeThatIsNotThereIsToldOnce() {
        try (LivePipe pipe = new LivePipe(resources, RedisURI.create(node.host(), 1), PipeSettings.DEFAULTS)) {
            pipe.awaitTold("connectFailed");
            assertThat(outcome(pipe.subscribe(here))).isInstanceOf(Outcome.Unknown.class);
            assertThat(pipe.told()).hasSize(1);
        }
    }

    private static boolean replies(String error, String... command) {
        return replies(node, error, command);
    }

    private static boolean replies(RedisNode asked, String error, String... command) {
        try {
            asked.command(command);
            return false;
        } catch (RedisReplyException ex) {
            return String.valueOf(ex.getMessage()).contains(error);
        }
    }

    @Test
    void manyUnitsInFlightKeepTheirOutcomes() {
        try (LivePipe pipe = LivePipe.open(resources, node)) {
            for (int round = 0; round < 200; round++) {
                List<CompletableFuture<Outcome>> good =
                        List.of(pipe.subscribe(here, here), pipe.unsubscribe(here), pipe.unsubscribe(alsoHere));
                List<CompletableFuture<Outcome>> bad = List.of(pipe.subscribe(elsewhere), pipe.unsubscribe(elsewhere));
                good.forEach(LivePipe::assertConfirmed);
                bad.forEach(each -> assertRefused(each, moved(elsewhere)));
            }
            worksAsEver(pipe);
        }
    }
}
