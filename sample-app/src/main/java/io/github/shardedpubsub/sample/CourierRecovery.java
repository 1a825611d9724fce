package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.ShardHistory;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.springframework.stereotype.Component;

/**
 * Whether the couriers' channels keep a history. Those that can are named by {@code sharded-pubsub.recovery.channels}, and that is all that
 * an application needs; here the publisher is given its history, or not, so that a visitor sees the difference.
 */
@Component
class CourierRecovery {

    /** What a dead master's replica has comes when that is promoted. */
    static final Duration PATIENCE = Duration.ofSeconds(15);

    private final ShardedPublisher publisher;

    private final ShardHistory history;

    private final Listeners listeners;

    private final LongAdder recovered = new LongAdder();

    private volatile boolean on;

    CourierRecovery(ShardedPublisher publisher, ShardHistory history, Listeners listeners) {
        this.publisher = publisher;
        this.history = history;
        this.listeners = listeners;
        publisher.setHistory(null);
    }

    synchronized void switchOn() {
        if (this.on) {
            throw new NotPossibleException("Recovery is on already");
        }
        this.publisher.setHistory(this.history);
        this.recovered.reset();
        this.listeners.ours().beginAnew(PATIENCE);
        this.on = true;
    }

    synchronized void switchOff() {
        this.publisher.setHistory(null);
        this.listeners.ours().beginAnew(ListeningTally.PATIENCE);
        this.on = false;
    }

    boolean isOn() {
        return this.on;
    }

    /** A message was read from a history. */
    void recovered() {
        this.recovered.increment();
    }

    /** How many messages were read from histories since it was switched on last. */
    long messages() {
        return this.recovered.sum();
    }
}
