package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.HistoryLoss;
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

    private final Counter positionsFailed;

    MeteredRecovery(MeterRegistry registry) {
        this.recoveries = ShardedPubSubMeter.RECOVERIES.timer(registry);
        this.recovered = ShardedPubSubMeter.RECOVERED.counter(registry);
        this.positionsFailed = ShardedPubSubMeter.POSITIONS_FAILED.counter(registry);
        this.lost = PerConstant.of(
                HistoryLoss.Cause.class, cause -> ShardedPubSubMeter.HISTORY_LOST.counter(registry, cause));
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
    public void positionFailed(String channel, String reason) {
        this.positionsFailed.increment();
    }
}
