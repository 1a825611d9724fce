package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.listener.ShardMessageDelivery;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collection;
import java.util.List;

/**
 * The meters of the messages on their way to listeners and subscribers, as {@link ShardedPubSubMeter} lists them. All containers count
 * together.
 */
public class DeliveryMetrics implements MeterBinder {

    private final List<ShardMessageDelivery> deliveries;

    /**
     * Creates the binder, which registers nothing yet.
     */
    public DeliveryMetrics(Collection<? extends ShardMessageDelivery> deliveries) {
        this.deliveries = List.copyOf(deliveries);
    }

    /**
     * Registers every meter and counts from now on. To be called once a registry: each call adds an observer.
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        ShardedPubSubMeter.QUEUE_SIZE.gauge(registry, this.deliveries, DeliveryMetrics::queued);
        MeteredDelivery delivery = new MeteredDelivery(registry);
        this.deliveries.forEach(each -> each.addDeliveryObserver(delivery));
    }

    private static long queued(List<ShardMessageDelivery> deliveries) {
        return deliveries.stream().mapToLong(ShardMessageDelivery::queueSize).sum();
    }
}
