package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.recovery.RecoveryObserver;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collection;
import java.util.List;

/**
 * The meters of recovery, as {@link ShardedPubSubMeter} lists them. Several clusters count together.
 */
public class RecoveryMetrics implements MeterBinder {

    private final List<ShardRecovery> recoveries;

    /**
     * Creates the binder, which registers nothing yet.
     */
    public RecoveryMetrics(Collection<ShardRecovery> recoveries) {
        this.recoveries = List.copyOf(recoveries);
    }

    /**
     * Registers every meter and counts from now on. To be called once a registry: each call adds an observer.
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        RecoveryObserver metered = new MeteredRecovery(registry);
        this.recoveries.forEach(recovery -> recovery.addObserver(metered));
    }
}
