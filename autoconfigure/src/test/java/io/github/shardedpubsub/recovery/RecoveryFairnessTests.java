package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.recovery.RecoveringApplication.Got;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.event.command.CommandFailedEvent;
import io.lettuce.core.event.command.CommandListener;
import io.lettuce.core.event.command.CommandStartedEvent;
import io.lettuce.core.event.command.CommandSucceededEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.Message;

/**
 * An application that listens to very many channels has lost its connections: most have missed a message, some thousands.
 */
@LiveTest
class RecoveryFairnessTests {

    private static final Duration SOON = Duration.ofMinutes(1);

    private static final int SMALL = Integer.getInteger("recovery.channels", 10_000);

    private static final int BIG = 5;

    private static final int MISSED = 5_000;

    private static final int PAGE = 20;

    private static final int CONCURRENCY = 4;

    private static final int QUEUE = 100;

    private static final RecoverySettings SETTINGS = new RecoverySettings(
            List.of("many*"), 20_000, Duration.ofMinutes(10), PAGE, 16, CONCURRENCY, 0, Duration.ofSeconds(1));

    private static final List<String> CHANNELS = IntStream.range(0, BIG + SMALL)
            .mapToObj(i -> i < BIG ? "many-big-" + i : "many-" + i)
            .toList();

    private final Map<String, StreamPosition> first = new ConcurrentHashMap<>();

    /** How many each channel with a long history got. */
    private final AtomicIntegerArray big = new AtomicIntegerArray(BIG);

    private final AtomicInteger smallDone = new AtomicInteger();

    /** How many the channels with a long history had when the last other one had its message. */
    private volatile int bigWhenSmallWereDone = -1;

    private final Readings readings = new Readings();

    /** Counts what is being read. */
    private static final class Readings implements CommandListener {

        private final AtomicInteger running = new AtomicInteger();

        private final AtomicInteger most = new AtomicInteger();

        private final AtomicInteger count = new AtomicInteger();

        @Override
        public void commandStarted(CommandStartedEvent event) {
            if (isReading(event.getCommand().getType().toString())) {
                this.most.accumulateAndGet(this.running.incrementAndGet(), Math::max);
                this.count.incrementAndGet();
            }
        }

        private static boolean isReading(String command) {
            return command.equals("XRANGE") || command.equals("XREVRANGE");
        }

        @Override
        public void commandSucceeded(CommandSucceededEvent event) {
            ended(event.getCommand().getType().toString());
        }

        @Override
        public void commandFailed(CommandFailedEvent event) {
            ended(event.getCommand().getType().toString());
        }

        private void ended(String command) {
            if (isReading(command)) {
                this.running.decrementAndGet();
            }
        }
    }

    @Test
    void recoveriesAreReadInTurnsAndOnlyAFewPagesAtATime() throws Exception {
        try (RecoveringApplication application = new RecoveringApplication(LiveCluster.get(), SETTINGS)) {
            application.client().addListener(this.readings);
            ListenerOptions options = ListenerOptions.DEFAULTS.withQueueCapacity(QUEUE);
            application.listen(CHANNELS.subList(0, BIG), options.withConcurrency(BIG), (message, pattern) -> {
                Got got = RecoveringApplication.got(message);
                if (isMissed(message, got)) {
                    this.big.incrementAndGet(CHANNELS.indexOf(channel(message)));
                }
            });
            application.listen(CHANNELS.subList(BIG, CHANNELS.size()), options, (message, pattern) -> {
                Got got = RecoveringApplication.got(message);
                if (isMissed(message, got) && this.smallDone.incrementAndGet() == SMALL) {
                    this.bigWhenSmallWereDone = bigDone();
                }
            });
            application
                    .publisher()
                    .publishAll(CHANNELS.stream()
                            .map(each -> new ShardMessage(each, "first"))
                            .toList());
            await().atMost(SOON).until(() -> this.first.size() == CHANNELS.size());
            write(application);
            this.readings.most.set(0);
            this.readings.count.set(0);

            LiveCluster.get().killClients("pubsub");

            await().atMost(SOON).until(() -> this.smallDone.get() == SMALL && bigDone() == BIG * MISSED);
            // in turns: a page or two of each of the long ones
            assertThat(this.bigWhenSmallWereDone).isBetween(0, BIG * MISSED / 10);
            // the next one is sent just before the end of the one before it is told here
            assertThat(this.readings.most.get()).isBetween(1, 2 * CONCURRENCY);
            assertThat(application.losses()).isEmpty();
        }
    }

    private boolean isMissed(Message message, Got got) {
        if (got.text().equals("first")) {
            this.first.put(channel(message), Objects.requireNonNull(got.position()));
            return false;
        }
        return true;
    }

    private static String channel(Message message) {
        return new String(message.getChannel(), StandardCharsets.UTF_8);
    }

    private int bigDone() {
        return IntStream.range(0, BIG).map(this.big::get).sum();
    }

    /** As if what is published had reached nobody. */
    private void write(RecoveringApplication application) {
        RedisAdvancedClusterAsyncCommands<byte[], byte[]> commands =
                application.client().connect(ByteArrayCodec.INSTANCE).async();
        List<CompletableFuture<?>> written = new ArrayList<>();
        for (String channel : CHANNELS) {
            byte[] key = HistoryKey.of(channel.getBytes(StandardCharsets.UTF_8));
            byte[] epoch =
                    Objects.requireNonNull(this.first.get(channel)).epoch().getBytes(StandardCharsets.US_ASCII);
            for (int i = channel.startsWith("many-big") ? MISSED : 1; i > 0; i--) {
                written.add(commands.xadd(key, new XAddArgs(), epoch, bytes("missed"))
                        .toCompletableFuture());
            }
        }
        CompletableFuture.allOf(written.toArray(CompletableFuture[]::new)).join();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
