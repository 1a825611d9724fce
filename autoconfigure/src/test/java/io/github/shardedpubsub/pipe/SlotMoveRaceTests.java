package io.github.shardedpubsub.pipe;

import static io.github.shardedpubsub.pipe.LivePipe.assertConfirmed;
import static io.github.shardedpubsub.pipe.LivePipe.assertRefused;
import static io.github.shardedpubsub.pipe.LivePipe.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.util.Random;
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
 * The slot of a channel moves away while its unsubscribe and further commands are in flight, so that the server's own
 * {@code sunsubscribe} comes where a reply is due. Why the pipe exists: with Lettuce's own handler commands get their neighbours'
 * answers.
 */
class SlotMoveRaceTests {

    private static final Logger logger = LoggerFactory.getLogger(SlotMoveRaceTests.class);

    private static final int ROUNDS = 300;

    private static final int LETTUCE_ROUNDS = 60;

    /** The move and the commands leave within so long of each other: either can be the first to arrive. */
    private static final int SPREAD_NANOS = 400_000;

    private static RedisCluster cluster;

    private static ClientResources resources;

    private static RedisClient client;

    private static RedisNode source;

    private static RedisNode target;

    private static StatefulRedisConnection<String, String> sourceAdmin;

    private static StatefulRedisConnection<String, String> targetAdmin;

    private static String moving;

    private static String staying;

    private static String elsewhere;

    private final Random random = new Random(20261124);

    @BeforeAll
    static void start() {
        cluster = RedisCluster.start(2, 0);
        resources = DefaultClientResources.create();
        client = RedisClient.create(resources);
        source = cluster.masters().get(0);
        target = cluster.otherMaster(source);
        sourceAdmin = client.connect(LivePipe.uri(source));
        targetAdmin = client.connect(LivePipe.uri(target));
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

    private static void prepareMove() {
        int slot = RedisCluster.slot(moving);
        targetAdmin.sync().clusterSetSlotImporting(slot, source.id());
        sourceAdmin.sync().clusterSetSlotMigrating(slot, target.id());
    }

    /** From now on the source sends its own {@code sunsubscribe} and answers {@code MOVED}. */
    private static RedisFuture<String> cutOver() {
        return sourceAdmin.async().clusterSetSlotNode(RedisCluster.slot(moving), target.id());
    }

    /** Each master has to have seen a move before the next begins, or their epochs collide. */
    private static void moveBack() {
        targetAdmin.sync().clusterSetSlotNode(RedisCluster.slot(moving), target.id());
        cluster.awaitAgreement();
        cluster.moveSlot(RedisCluster.slot(moving), source);
    }

    private void pause() {
        long end = System.nanoTime() + this.random.nextInt(SPREAD_NANOS);
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @Test
    void noUnitOfThePipeGetsAnothersOutcome() throws Exception {
        int movedFirst = 0;
        try (LivePipe pipe = LivePipe.open(resources, source)) {
            for (int round = 0; round < ROUNDS; round++) {
                assertConfirmed(pipe.subscribe(moving));
                long endedBefore = pipe.told("ended " + moving);
                prepareMove();
                boolean commandsFirst = this.random.nextBoolean();
                RedisFuture<String> move = commandsFirst ? null : cutOver();
                if (!commandsFirst) {
                    pause();
                }
                CompletableFuture<Outcome> unsubscribe = pipe.unsubscribe(moving);
                CompletableFuture<Outcome> subscribe = pipe.subscribe(staying);
                CompletableFuture<Outcome> wrong = pipe.subscribe(elsewhere);
                CompletableFuture<Outcome> again = pipe.unsubscribe(moving);
                CompletableFuture<Outcome> last = pipe.unsubscribe(staying);
                if (move == null) {
                    pause();
                    move = cutOver();
                }
                move.get(5, TimeUnit.SECONDS);

                assertConfirmed(subscribe);
                assertRefused(wrong, "MOVED " + RedisCluster.slot(elsewhere) + " ");
                assertConfirmed(last);
                boolean ended = unsubscribedByCommand(unsubscribe);
                if (!ended) {
                    movedFirst++;
                    assertThat(unsubscribedByCommand(again))
                            .as("a slot does not come back by itself")
                            .isFalse();
                } else {
                    unsubscribedByCommand(again);
                }
                // a fence behind it all: whatever the server sent on its own has been read by then
                assertConfirmed(pipe.subscribe(staying));
                assertThat(pipe.told("ended " + moving) - endedBefore)
                        .as("round %d: the server ends what no command has ended", round)
                        .isEqualTo(ended ? 0 : 1);
                assertThat(source.command("SPUBLISH", staying, "round")).isEqualTo("1");
                assertConfirmed(pipe.unsubscribe(staying));
                moveBack();
            }
            assertThat(pipe.told()).noneMatch(told -> told.startsWith("outOfStep") || told.startsWith("disconnected"));
        }
        logger.info("In {} of {} rounds the slot was gone before the unsubscribe came", movedFirst, ROUNDS);
        assertThat(movedFirst).as("rounds in which the move came first").isBetween(1, ROUNDS - 1);
    }

    private static boolean unsubscribedByCommand(CompletableFuture<Outcome> unsubscribe) {
        Outcome outcome = outcome(unsubscribe);
        if (outcome.equals(Outcome.CONFIRMED)) {
            return true;
        }
        assertRefused(unsubscribe, "MOVED " + RedisCluster.slot(moving) + " ");
        return false;
    }

    /** If this fails because Lettuce has been mended, the pipe has lost a reason to be. */
    @Test
    void lettucesOwnHandlerGivesCommandsTheAnswersOfOthers() throws Exception {
        int wrong = 0;
        for (int round = 0; round < LETTUCE_ROUNDS; round++) {
            try (StatefulRedisPubSubConnection<String, String> connection =
                    client.connectPubSub(LivePipe.uri(source))) {
                connection.sync().ssubscribe(moving);
                prepareMove();
                RedisFuture<String> move = cutOver();
                pause();
                connection.async().sunsubscribe(moving);
                RedisFuture<String> one = connection.async().echo("1");
                RedisFuture<String> two = connection.async().echo("2");
                move.get(5, TimeUnit.SECONDS);
                if (!"1".equals(answer(one)) || !"2".equals(answer(two))) {
                    wrong++;
                }
            }
            moveBack();
        }
        logger.info("With Lettuce's own handler, {} of {} rounds went wrong", wrong, LETTUCE_ROUNDS);
        assertThat(wrong).isPositive();
    }

    private static String answer(Future<String> echo) throws InterruptedException {
        try {
            return echo.get(2, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException ex) {
            return "failed: " + ex;
        }
    }
}
