package io.github.shardedpubsub.pipe;

import static io.github.shardedpubsub.pipe.LivePipe.assertConfirmed;
import static io.github.shardedpubsub.pipe.LivePipe.assertRefused;
import static io.github.shardedpubsub.pipe.LivePipe.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.SlotMove;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The slot of a channel moves away while subscribes and unsubscribes of it and further commands are in flight all the time, so that
 * the server's own {@code sunsubscribe} comes where a reply is due. Why the pipe exists: with Lettuce's own handler commands get
 * their neighbours' answers.
 */
class SlotMoveRaceTests {

    private static final Logger logger = LoggerFactory.getLogger(SlotMoveRaceTests.class);

    private static final int ROUNDS = 200;

    private static final int LETTUCE_ROUNDS = 40;

    private static final int IN_FLIGHT = 20;

    private static RedisCluster cluster;

    private static ClientResources resources;

    private static RedisClient client;

    private static RedisNode source;

    private static RedisNode target;

    private static String moving;

    private static String staying;

    private static String elsewhere;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.start(2, 0);
        resources = DefaultClientResources.create();
        client = RedisClient.create(resources);
        source = cluster.masters().get(0);
        target = cluster.otherMaster(source);
        moving = cluster.channelOwnedBy(source, "moving");
        staying = cluster.channelOwnedBy(source, "staying");
        elsewhere = cluster.channelOwnedBy(target, "elsewhere");
    }

    @AfterAll
    static void stop() throws InterruptedException {
        client.shutdown();
        resources.shutdown(0, 1, TimeUnit.SECONDS).await();
        cluster.close();
    }

    private static Future<?> moveAway() {
        return CompletableFuture.runAsync(
                () -> cluster.moveSlot(RedisCluster.slot(moving), target, SlotMove.SOURCE_FIRST));
    }

    private static void moveBack() {
        cluster.moveSlot(RedisCluster.slot(moving), source);
    }

    /** Units that follow each other at once. The channel is subscribed when the server has done one, until it does the next. */
    private record Cycle(
            CompletableFuture<Outcome> unsubscribe,
            CompletableFuture<Outcome> other,
            CompletableFuture<Outcome> wrong,
            CompletableFuture<Outcome> otherAgain,
            CompletableFuture<Outcome> subscribe) {

        static Cycle send(LivePipe pipe) {
            return new Cycle(
                    pipe.unsubscribe(moving),
                    pipe.subscribe(staying),
                    pipe.subscribe(elsewhere),
                    pipe.unsubscribe(staying),
                    pipe.subscribe(moving));
        }
    }

    @Test
    void noUnitOfThePipeGetsAnothersOutcome() throws Exception {
        int endedUnasked = 0;
        try (LivePipe pipe = LivePipe.open(resources, source)) {
            for (int round = 0; round < ROUNDS; round++) {
                long endedBefore = pipe.told("ended " + moving);
                Future<?> move = moveAway();
                List<Cycle> cycles = new ArrayList<>();
                do {
                    cycles.add(Cycle.send(pipe));
                    if (cycles.size() > IN_FLIGHT) {
                        outcome(cycles.get(cycles.size() - IN_FLIGHT).subscribe());
                    }
                } while (!move.isDone());
                move.get();
                cycles.add(Cycle.send(pipe));

                int expected = endedByTheMove(cycles);
                endedUnasked += expected;
                assertThat(pipe.told("ended " + moving) - endedBefore)
                        .as("round %d: the server ends what no command has ended", round)
                        .isEqualTo(expected);
                moveBack();
            }
            assertThat(pipe.told()).noneMatch(told -> told.startsWith("outOfStep") || told.startsWith("disconnected"));
        }
        logger.info("In {} of {} rounds the move found the channel subscribed", endedUnasked, ROUNDS);
        assertThat(endedUnasked).isBetween(1, ROUNDS);
    }

    /** Follows what the server must have done, unit by unit: 1 if the channel was subscribed when its slot went, else 0. */
    private static int endedByTheMove(List<Cycle> cycles) {
        boolean gone = false;
        boolean subscribed = false;
        for (Cycle cycle : cycles) {
            boolean unsubscribe = succeeded(cycle.unsubscribe());
            assertThat(gone && unsubscribe)
                    .as("a slot does not come back by itself")
                    .isFalse();
            gone |= !unsubscribe;
            subscribed &= !unsubscribe;
            assertConfirmed(cycle.other());
            assertRefused(cycle.wrong(), "MOVED " + RedisCluster.slot(elsewhere) + " ");
            assertConfirmed(cycle.otherAgain());
            boolean subscribe = succeeded(cycle.subscribe());
            assertThat(gone && subscribe)
                    .as("a slot does not come back by itself")
                    .isFalse();
            gone |= !subscribe;
            subscribed |= subscribe;
        }
        assertThat(gone).isTrue();
        return subscribed ? 1 : 0;
    }

    private static boolean succeeded(CompletableFuture<Outcome> unit) {
        if (outcome(unit).equals(Outcome.CONFIRMED)) {
            return true;
        }
        assertRefused(unit, "MOVED " + RedisCluster.slot(moving) + " ");
        return false;
    }

    /** If this fails because Lettuce has been mended, the pipe has lost a reason to be. */
    @Test
    void lettucesOwnHandlerGivesCommandsTheAnswersOfOthers() throws Exception {
        int wrong = 0;
        for (int round = 0; round < LETTUCE_ROUNDS; round++) {
            List<RedisFuture<String>> echoes = new ArrayList<>();
            try (StatefulRedisPubSubConnection<String, String> connection =
                    client.connectPubSub(LivePipe.uri(source))) {
                Future<?> move = moveAway();
                do {
                    connection.async().sunsubscribe(moving);
                    echoes.add(connection.async().echo(Integer.toString(echoes.size())));
                    connection.async().ssubscribe(moving);
                    echoes.add(connection.async().echo(Integer.toString(echoes.size())));
                    if (echoes.size() > IN_FLIGHT) {
                        answer(echoes.get(echoes.size() - IN_FLIGHT));
                    }
                } while (!move.isDone());
                move.get();
                for (int i = 0; i < echoes.size(); i++) {
                    if (!Integer.toString(i).equals(answer(echoes.get(i)))) {
                        wrong++;
                        break;
                    }
                }
            }
            moveBack();
        }
        logger.info("With Lettuce's own handler, commands got wrong answers in {} of {} rounds", wrong, LETTUCE_ROUNDS);
        assertThat(wrong).isPositive();
    }

    private static String answer(Future<String> echo) throws InterruptedException {
        try {
            return echo.get(1, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException ex) {
            return "failed: " + ex;
        }
    }
}
