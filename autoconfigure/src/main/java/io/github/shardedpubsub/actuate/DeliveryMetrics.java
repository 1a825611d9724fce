package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collection;
import java.util.List;

/**
 * The meters of the messages on their way to listeners, as {@link ShardedPubSubMeter} lists them. Several containers count together.
 */
public class DeliveryMetrics implements MeterBinder {

    private final List<ShardedRedisMessageListenerContainer> containers;

    /**
     * Creates the binder, which registers nothing yet.
     */
    public DeliveryMetrics(Collection<ShardedRedisMessageListenerContainer> containers) {
        this.containers = List.copyOf(containers);
    }

    /**
     * Registers every meter and counts from now on. To be called once a registry: each call adds an observer.
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        ShardedPubSubMeter.QUEUE_SIZE.gauge(registry, this.containers, DeliveryMetrics::queued);
        MeteredDelivery delivery = new MeteredDelivery(registry);
        this.containers.forEach(container -> container.addDeliveryObserver(delivery));
    }

    private static long queued(List<ShardedRedisMessageListenerContainer> containers) {
        return containers.stream()
                .mapToLong(ShardedRedisMessageListenerContainer::queueSize)
                .sum();
    }
}
