package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.LostWrites;
import io.github.shardedpubsub.recovery.RecoveryObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/**
 * Counts and times what is recovered, and what cannot be. Every meter is looked up once, here at the start.
 */
final class MeteredRecovery implements RecoveryObserver {

    private final Timer recoveries;

    private final Counter recovered;

    private final PerConstant<HistoryLoss.Cause, Counter> lost;

    private final Counter writesLost;

    private final Counter duplicates;

    private final Counter deferred;

    private final Counter readFailures;

    private final Counter positionFailures;

    MeteredRecovery(MeterRegistry registry) {
        this.recoveries = ShardedPubSubMeter.RECOVERIES.timer(registry);
        this.recovered = ShardedPubSubMeter.RECOVERED.counter(registry);
        this.positionFailures = ShardedPubSubMeter.POSITION_FAILURES.counter(registry);
        this.lost = PerConstant.of(
                HistoryLoss.Cause.class, cause -> ShardedPubSubMeter.HISTORY_LOST.counter(registry, cause));
        this.writesLost = ShardedPubSubMeter.HISTORY_WRITES_LOST.counter(registry);
        this.duplicates = ShardedPubSubMeter.RECOVERY_DUPLICATES.counter(registry);
        this.deferred = ShardedPubSubMeter.RECOVERY_DEFERRED.counter(registry);
        this.readFailures = ShardedPubSubMeter.HISTORY_READ_FAILURES.counter(registry);
    }

    @Override
    public void recovered(ChannelName channel, long messages, Duration took) {
        this.recoveries.record(took);
        this.recovered.increment(messages);
    }

    @Override
    public void historyLost(ChannelName channel, HistoryLoss loss) {
        this.lost.of(loss.cause()).increment();
    }

    @Override
    public void writesLost(String channel, LostWrites lost) {
        this.writesLost.increment();
    }

    @Override
    public void duplicate(ChannelName channel) {
        this.duplicates.increment();
    }

    @Override
    public void deferred(ChannelName channel, long messages) {
        this.deferred.increment(messages);
    }

    @Override
    public void readFailed(ChannelName channel, String reason) {
        this.readFailures.increment();
    }

    @Override
    public void positionFailed(String channel, String reason) {
        this.positionFailures.increment();
    }
}
