package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.recovery.RecoveryObserver;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * The meters of recovery, as {@link ShardedPubSubMeter} lists them. Several clusters count together.
 */
public class RecoveryMetrics implements MeterBinder {

    private final List<ShardRecovery> recoveries;

    private final List<ShardHistory> histories;

    /**
     * Creates the binder, which registers nothing yet.
     *
     * @param recoveries those of the listeners
     * @param histories those of the publishers
     */
    public RecoveryMetrics(Collection<ShardRecovery> recoveries, Collection<ShardHistory> histories) {
        this.recoveries = List.copyOf(recoveries);
        this.histories = List.copyOf(histories);
    }

    /**
     * Registers every meter and counts from now on. To be called once a registry: each call adds an observer.
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        ShardedPubSubMeter.RECOVERY_BEHIND.gauge(registry, this.recoveries, RecoveryMetrics::behind);
        ShardedPubSubMeter.RECOVERY_BEHIND_AGE.timeGauge(
                registry, this.recoveries, recoveries -> behindMillis(recoveries, registry));
        RecoveryObserver metered = new MeteredRecovery(registry);
        this.recoveries.forEach(recovery -> recovery.addObserver(metered));
        this.histories.forEach(history -> history.addObserver(metered));
    }

    private static int behind(List<ShardRecovery> recoveries) {
        return recoveries.stream()
                .mapToInt(recovery -> recovery.behind().size())
                .sum();
    }

    private static long behindMillis(List<ShardRecovery> recoveries, MeterRegistry registry) {
        Instant now = Instant.ofEpochMilli(registry.config().clock().wallTime());
        return recoveries.stream()
                .flatMap(recovery -> recovery.behind().stream().limit(1))
                .mapToLong(longest -> Duration.between(Objects.requireNonNullElse(longest.behindSince(), now), now)
                        .toMillis())
                // a clock that was set back must not show as a negative age
                .reduce(0, Math::max);
    }
}
