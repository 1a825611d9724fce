package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.StreamPosition;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes numbered messages to all channels in turn at a steady rate, never a second one to a channel before the first is answered.
 */
final class Traffic implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(Traffic.class);

    private static final int TICKS_A_SECOND = 50;

    private final Function<Ledger, ShardedPublisher> publishers;

    private final List<? extends Ledger> ledgers;

    private final Function<String, @Nullable StreamPosition> positions;

    private final int perTick;

    private final LongAdder published = new LongAdder();

    private final LongAdder failed = new LongAdder();

    private final ScheduledExecutorService ticker =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "chaos-traffic"));

    private volatile boolean paused = true;

    private int turn;

    /**
     * Creates it paused.
     *
     * @param ledgers those of the channels, some of them several times for more messages
     * @param positions tells where the last message of a channel is in its history
     */
    Traffic(
            Function<Ledger, ShardedPublisher> publishers,
            List<? extends Ledger> ledgers,
            int rate,
            Function<String, @Nullable StreamPosition> positions) {
        this.publishers = publishers;
        this.ledgers = ledgers;
        this.positions = positions;
        this.perTick = Math.max(1, rate / TICKS_A_SECOND);
        var unused = this.ticker.scheduleAtFixedRate(
                this::tick, 0, Duration.ofSeconds(1).toNanos() / TICKS_A_SECOND, TimeUnit.NANOSECONDS);
    }

    private void tick() {
        for (int i = 0; i < this.perTick && !this.paused; i++) {
            publish(this.ledgers.get(this.turn++ % this.ledgers.size()));
        }
    }

    private void publish(Ledger ledger) {
        long number = ledger.next();
        if (number == 0) {
            return;
        }
        String channel = ledger.channel().toString();
        Instant sent = Instant.now();
        try {
            var unused = this.publishers
                    .apply(ledger)
                    .publishAsync(channel, Long.toString(number))
                    .whenComplete((receivers, failure) -> {
                        if (failure != null) {
                            this.failed.increment();
                            ledger.notPublished(number);
                        } else {
                            this.published.increment();
                            ledger.published(new Publication(
                                    number, sent, Instant.now(), receivers, this.positions.apply(channel)));
                        }
                    });
        } catch (RuntimeException ex) {
            logger.error("Publishing failed in a way it must not", ex);
            ledger.notPublished(number);
        }
    }

    void flow() {
        this.paused = false;
    }

    /** Nothing more is published; what is on its way may still be. */
    void pause() {
        this.paused = true;
    }

    boolean isQuiet() {
        return this.paused && this.ledgers.stream().noneMatch(Ledger::isOnItsWay);
    }

    /** One message to each channel, while all else is paused. */
    void publishOneEach() {
        new LinkedHashSet<>(this.ledgers).forEach(this::publish);
    }

    @Override
    public void close() {
        pause();
        this.ticker.shutdown();
    }

    @Override
    public String toString() {
        return this.published + " published, " + this.failed + " failed to be";
    }
}
