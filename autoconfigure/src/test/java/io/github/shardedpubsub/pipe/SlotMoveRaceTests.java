package io.github.shardedpubsub.pipe;

import static io.github.shardedpubsub.pipe.LivePipe.outcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.ServerTrait;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.pubsub.api.async.RedisPubSubAsyncCommands;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A slot moves away while commands for it and for other slots are in flight. The server's own {@code sunsubscribe} then comes
 * just where a reply is due.
 */
@LiveTest
class SlotMoveRaceTests {

    private static final Logger log = LoggerFactory.getLogger(SlotMoveRaceTests.class);

    private static final int ROUNDS = 300;

    /** With 7.5.2 and 7.7.0 about every second round goes wrong. */
    private static final int LETTUCE_ROUNDS = 200;

    private static final int FENCED_ROUNDS = 150;

    private static RedisCluster cluster;

    private static ClientResources resources;

    private static ExecutorService mover;

    private static RedisNode first;

    private static RedisNode second;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.start(2, 0);
        first = cluster.masters().get(0);
        second = cluster.otherMaster(first);
        resources = DefaultClientResources.create();
        mover = Executors.newSingleThreadExecutor();
    }

    @AfterAll
    static void stop() {
        mover.shutdownNow();
        resources.shutdown(0, 0, TimeUnit.MILLISECONDS).awaitUninterruptibly();
        cluster.close();
    }

    /** The slot's move, of which only the last step is told to the source, when the client sends. */
    private record Move(int slot, RedisNode source, RedisNode target) {

        /** The field of the config epoch in a line of CLUSTER NODES. */
        private static final int EPOCH = 6;

        private static final long SETTLING_NANOS = TimeUnit.SECONDS.toNanos(3);

        /** From the first node to the second, then back, and so on. */
        static Move of(String channel, int round) {
            int slot = RedisCluster.slot(channel);
            return round % 2 == 0 ? new Move(slot, first, second) : new Move(slot, second, first);
        }

        /** A late heartbeat can give the slot back after all, once in thousands of moves: then it is moved in peace. */
        void awaitSource() {
            if (!ownsSlot(seenBy(this.source, this.source)) || !ownsSlot(seenBy(this.target, this.source))) {
                cluster.moveSlot(this.slot, this.source);
            }
        }

        void prepare() {
            setSlot(this.target, "IMPORTING", this.source);
            setSlot(this.source, "MIGRATING", this.target);
        }

        /** The source first, or it would hear of it from the target at a time of its own choice. */
        Future<?> run(long delayNanos) {
            return mover.submit(() -> {
                long start = System.nanoTime();
                while (System.nanoTime() - start < delayNanos) {
                    Thread.onSpinWait();
                }
                setSlot(this.source, "NODE", this.target);
            });
        }

        void finish() {
            setSlot(this.target, "NODE", this.target);
            // the source must know the epoch too, or the next move takes the same one and the two contend for the slot
            long begun = System.nanoTime();
            LivePipe.await(() -> isSettled() || System.nanoTime() - begun > SETTLING_NANOS);
            if (!isSettled()) {
                // a late heartbeat has given it back
                cluster.moveSlot(this.slot, this.target);
            }
        }

        private boolean isSettled() {
            String[] there = seenBy(this.target, this.target);
            String[] here = seenBy(this.source, this.target);
            return ownsSlot(there) && ownsSlot(here) && there[EPOCH].equals(here[EPOCH]);
        }

        private static String[] seenBy(RedisNode viewer, RedisNode seen) {
            return viewer.command("CLUSTER", "NODES")
                    .lines()
                    .filter(line -> line.startsWith(seen.id()))
                    .findFirst()
                    .orElseThrow()
                    .split(" ", -1);
        }

        private boolean ownsSlot(String[] fields) {
            for (int i = 8; i < fields.length; i++) {
                if (!fields[i].startsWith("[")) {
                    String[] range = fields[i].split("-", -1);
                    if (Integer.parseInt(range[0]) <= this.slot
                            && this.slot <= Integer.parseInt(range[range.length - 1])) {
                        return true;
                    }
                }
            }
            return false;
        }

        private void setSlot(RedisNode node, String state, RedisNode other) {
            node.command("CLUSTER", "SETSLOT", Integer.toString(this.slot), state, other.id());
        }
    }

    private static void joined(Future<?> move) throws Exception {
        move.get(20, TimeUnit.SECONDS);
    }

    @Test
    void noUnitOfThePipeEverGetsAnothersOutcome() throws Exception {
        Random random = new Random(3213);
        String moving = cluster.channelOwnedBy(first, "moving");
        Map<RedisNode, LivePipe> pipes =
                Map.of(first, LivePipe.connected(resources, first), second, LivePipe.connected(resources, second));
        Map<RedisNode, List<String>> staying =
                Map.of(first, channelsOf(first, moving), second, channelsOf(second, moving));
        Map<String, Integer> seen = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            Move move = Move.of(moving, round);
            LivePipe pipe = Objects.requireNonNull(pipes.get(move.source()));
            List<String> others = Objects.requireNonNull(staying.get(move.source()));
            String told = round(move, pipe, moving, others.get(0), others.get(1), random);
            seen.merge(told, 1, Integer::sum);
        }
        log.info("{} moves under the pipe's units, by the outcomes of the two for the moving slot: {}", ROUNDS, seen);
        for (LivePipe pipe : pipes.values()) {
            assertThat(pipe.listener.events).startsWith("connected").doesNotContain("out of step", "disconnected");
            pipe.close();
        }
        assertThat(seen).as("moves before, between and after the units").hasSizeGreaterThan(1);
    }

    private static String round(Move move, LivePipe pipe, String moving, String other, String another, Random random)
            throws Exception {
        RedisNode node = move.source();
        move.awaitSource();
        assertThat(outcome(pipe.subscribe(moving))).isEqualTo("confirmed");
        move.prepare();
        pipe.listener.events.clear();
        pipe.listener.events.add("connected");

        Future<?> moved = move.run(random.nextInt(400_000));
        LockSupport.parkNanos(random.nextInt(150_000));
        CompletableFuture<Outcome> ended = pipe.unsubscribe(moving);
        CompletableFuture<Outcome> subscribed = pipe.subscribe(other);
        CompletableFuture<Outcome> again = pipe.subscribe(moving);
        CompletableFuture<Outcome> gone = pipe.unsubscribe(other);
        CompletableFuture<Outcome> stays = pipe.subscribe(another);
        joined(moved);

        assertThat(outcome(subscribed)).isEqualTo("confirmed");
        assertThat(outcome(gone)).isEqualTo("confirmed");
        assertThat(outcome(stays)).isEqualTo("confirmed");
        // the server answers this after all it had to say of the move
        assertThat(outcome(pipe.unsubscribe(other))).isEqualTo("confirmed");
        String told = outcome(ended) + ", " + outcome(again);
        int endings = switch (told) {
            // the move came after both, and ended the second subscription
            case "confirmed, confirmed" -> 1;
            // between the two: nothing was left to be ended
            case "confirmed, refused MOVED" -> 0;
            // before both, and ended the first
            case "refused MOVED, refused MOVED" -> 1;
            // a slot on its way is not unsubscribed from on some servers, whose move then ends the subscription
            case "refused ASK, confirmed", "refused ASK, refused MOVED" -> {
                assertThat(cluster.has(ServerTrait.REDIRECTS_UNSUBSCRIBING)).isTrue();
                yield 1;
            }
            default -> throw new AssertionError("no server does that: " + told);
        };
        assertThat(pipe.listener.count("ended " + moving)).as(told).isEqualTo(endings);
        assertThat(subscribers(node, moving, other, another)).containsExactly("0", "0", "1");
        pipe.assertReceives(node, another);
        assertThat(outcome(pipe.unsubscribe(another))).isEqualTo("confirmed");
        move.finish();
        return told;
    }

    private static List<String> channelsOf(RedisNode node, String moving) {
        List<String> channels = new ArrayList<>();
        for (int i = 0; channels.size() < 2; i++) {
            String channel = cluster.channelOwnedBy(node, "stays" + i);
            if (RedisCluster.slot(channel) != RedisCluster.slot(moving)) {
                channels.add(channel);
            }
        }
        return channels;
    }

    private static List<String> subscribers(RedisNode node, String... channels) {
        List<String> counts = new ArrayList<>();
        for (String channel : channels) {
            counts.add(node.command("PUBSUB", "SHARDNUMSUB", channel)
                    .lines()
                    .skip(1)
                    .findFirst()
                    .orElseThrow());
        }
        return counts;
    }

    /** Why there is a pipe. Where this fails, Lettuce has been repaired, and the pipe may have become needless. */
    @Test
    void lettucesOwnConnectionTakesTheServersSunsubscribeForAReply() throws Exception {
        Random random = new Random(3213);
        String moving = cluster.channelOwnedBy(first, "lettuce");
        String ofFirst = channelsOf(first, moving).get(0);
        String ofSecond = channelsOf(second, moving).get(0);
        int wrong = 0;
        int rounds = 0;
        while (wrong == 0 && rounds < LETTUCE_ROUNDS) {
            Move move = Move.of(moving, rounds++);
            if (lettuceMixesUp(move, moving, move.source() == first ? ofFirst : ofSecond, random)) {
                wrong++;
            }
        }
        log.info("Lettuce's own connection mixed up its replies in {} of {} moves", wrong, rounds);
        assertThat(wrong)
                .as("rounds of %s in which Lettuce mixed up its replies", rounds)
                .isPositive();
    }

    private static boolean lettuceMixesUp(Move move, String moving, String other, Random random) throws Exception {
        move.awaitSource();
        RedisClient client = RedisClient.create(resources, LivePipe.uri(move.source()));
        try (StatefulRedisPubSubConnection<String, String> connection = client.connectPubSub()) {
            RedisPubSubAsyncCommands<String, String> commands = connection.async();
            commands.ssubscribe(moving).get(20, TimeUnit.SECONDS);
            move.prepare();
            Future<?> moved = move.run(random.nextInt(400_000));
            LockSupport.parkNanos(random.nextInt(150_000));
            commands.sunsubscribe(moving);
            RedisFuture<String> one = commands.echo("1");
            RedisFuture<String> two = commands.echo("2");
            RedisFuture<Void> subscribed = commands.ssubscribe(other);
            joined(moved);
            boolean right = result(one).equals("1")
                    && result(two).equals("2")
                    && result(subscribed).equals("null");
            move.finish();
            return !right;
        } finally {
            client.shutdown(0, 0, TimeUnit.MILLISECONDS);
        }
    }

    @ParameterizedTest
    @EnumSource(ProtocolVersion.class)
    void noCommandOfAFencedConnectionOfLettuceEverGetsAnothersAnswer(ProtocolVersion protocol) throws Exception {
        Random random = new Random(3213);
        String moving = cluster.channelOwnedBy(first, "fenced");
        PubSubFence fence = new PubSubFence(SlotHash::getSlot);
        Map<String, Integer> seen = new LinkedHashMap<>();
        try (FencedNode ofFirst = new FencedNode(fence, first, protocol, channelsOf(first, moving));
                FencedNode ofSecond = new FencedNode(fence, second, protocol, channelsOf(second, moving))) {
            for (int round = 0; round < FENCED_ROUNDS; round++) {
                Move move = Move.of(moving, round);
                String told = round(move, move.source() == first ? ofFirst : ofSecond, moving, random);
                seen.merge(told, 1, Integer::sum);
            }
        }
        log.info("{} moves under a fenced connection of Lettuce by {}, by outcome: {}", FENCED_ROUNDS, protocol, seen);
        assertThat(fence.outOfStep()).isZero();
        assertThat(seen).as("moves before, between and after the commands").hasSizeGreaterThan(1);
    }

    /** A node with a connection of Lettuce's to it, and channels that stay there. */
    private static final class FencedNode implements AutoCloseable {

        private final RedisClient client;

        private final List<String> staying;

        private final StatefulRedisPubSubConnection<String, String> connection;

        private final List<String> heard = new CopyOnWriteArrayList<>();

        FencedNode(PubSubFence fence, RedisNode node, ProtocolVersion protocol, List<String> staying) {
            this.client = RedisClient.create(fence.around(resources), LivePipe.uri(node));
            this.client.setOptions(
                    ClientOptions.builder().protocolVersion(protocol).build());
            this.staying = staying;
            this.connection = this.client.connectPubSub();
            this.connection.addListener(new RedisPubSubAdapter<>() {

                @Override
                public void sunsubscribed(String channel, long count) {
                    FencedNode.this.heard.add("ended " + channel);
                }

                @Override
                public void smessage(String channel, String message) {
                    FencedNode.this.heard.add(message);
                }
            });
        }

        @Override
        public void close() {
            this.client.shutdown(0, 0, TimeUnit.MILLISECONDS);
        }
    }

    private static String round(Move move, FencedNode node, String moving, Random random) throws Exception {
        RedisPubSubAsyncCommands<String, String> commands = node.connection.async();
        String other = node.staying.get(0);
        String another = node.staying.get(1);
        move.awaitSource();
        // two masters that take a slot from each other in turn can disagree once more before they settle it
        await().atMost(Duration.ofSeconds(10))
                .until(() -> result(commands.ssubscribe(moving, another)).equals("null"));
        move.prepare();
        node.heard.clear();

        Future<?> moved = move.run(random.nextInt(400_000));
        LockSupport.parkNanos(random.nextInt(150_000));
        RedisFuture<Void> ended = commands.sunsubscribe(moving);
        RedisFuture<String> one = commands.echo("1");
        RedisFuture<Void> subscribed = commands.ssubscribe(other);
        RedisFuture<Void> again = commands.ssubscribe(moving);
        RedisFuture<String> two = commands.echo("2");
        RedisFuture<Void> gone = commands.sunsubscribe(other);
        RedisFuture<String> three = commands.ping();
        joined(moved);

        assertThat(result(subscribed)).isEqualTo("null");
        assertThat(result(gone)).isEqualTo("null");
        assertEchoed(one, "1");
        assertEchoed(two, "2");
        assertThat(result(three)).isIn("PONG", "");
        // the server answers this after all it had to say of the move
        assertThat(result(commands.sunsubscribe(other))).isEqualTo("null");
        String told = told(ended) + ", " + told(again);
        int endings = switch (told) {
            case "confirmed, confirmed" -> 2;
            // a slot on its way is not unsubscribed from on some servers, whose move then ends the subscription
            case "confirmed, MOVED", "MOVED, MOVED", "ASK, MOVED", "ASK, confirmed" -> 1;
            default -> throw new AssertionError("no server does that: " + told);
        };
        assertThat(node.heard).filteredOn(("ended " + moving)::equals).as(told).hasSize(endings);
        move.source().command("SPUBLISH", another, "message");
        LivePipe.await(() -> node.heard.contains("message"));
        assertThat(result(commands.sunsubscribe(another))).isEqualTo("null");
        move.finish();
        return told;
    }

    private static String told(RedisFuture<?> future) throws InterruptedException {
        String result = result(future);
        if (result.equals("null")) {
            return "confirmed";
        }
        return result.contains(": MOVED ") ? "MOVED" : result.contains(": ASK ") ? "ASK" : result;
    }

    /** By RESP2 the server refuses it while anything is subscribed. */
    private static void assertEchoed(RedisFuture<String> future, String text) throws InterruptedException {
        String result = result(future);
        if (!result.contains("ERR Can't execute 'echo'")) {
            assertThat(result).isEqualTo(text);
        }
    }

    private static String result(RedisFuture<?> future) throws InterruptedException {
        try {
            return String.valueOf(future.get(5, TimeUnit.SECONDS));
        } catch (ExecutionException ex) {
            return String.valueOf(ex.getCause());
        } catch (TimeoutException ex) {
            return "no reply";
        }
    }
}
