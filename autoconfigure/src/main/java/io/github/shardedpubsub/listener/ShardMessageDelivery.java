package io.github.shardedpubsub.listener;

/**
 * The way of messages from the servers through bounded queues to those who are to have them, as it shows from outside.
 */
public interface ShardMessageDelivery {

    /**
     * Registers an observer for every message from now on.
     */
    void addDeliveryObserver(DeliveryObserver observer);

    /**
     * How many messages of all channels wait to be delivered now. Counted when it is asked, over all queues.
     */
    int queueSize();

    /**
     * How many messages can wait at most now: the capacities of all queues together.
     */
    int queueCapacity();
}
