package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** All observers as one, and none of them a danger to the event loop. */
final class DeliveryObservers implements DeliveryObserver {

    private static final Log logger = LogFactory.getLog(DeliveryObservers.class);

    private final List<DeliveryObserver> observers = new CopyOnWriteArrayList<>();

    void add(DeliveryObserver observer) {
        this.observers.add(observer);
    }

    boolean isEmpty() {
        return this.observers.isEmpty();
    }

    @Override
    public void received(ChannelName channel) {
        if (!isEmpty()) {
            tell(observer -> observer.received(channel));
        }
    }

    @Override
    public void delivered(ChannelName channel, DeliveryOutcome outcome, Duration took) {
        tell(observer -> observer.delivered(channel, outcome, took));
    }

    @Override
    public void dropped(ChannelName channel, long count) {
        tell(observer -> observer.dropped(channel, count));
    }

    @Override
    public void overflowed(ChannelName channel, OverflowPolicy overflow, int capacity) {
        tell(observer -> observer.overflowed(channel, overflow, capacity));
    }

    @Override
    public void refused() {
        tell(DeliveryObserver::refused);
    }

    private void tell(Consumer<DeliveryObserver> event) {
        for (DeliveryObserver observer : this.observers) {
            try {
                event.accept(observer);
            } catch (RuntimeException ex) {
                logger.error("A delivery observer must not throw: " + observer, ex);
            }
        }
    }
}
