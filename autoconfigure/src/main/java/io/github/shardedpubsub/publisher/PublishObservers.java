package io.github.shardedpubsub.publisher;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** All observers as one, and none of them a danger to the event loop. */
final class PublishObservers implements PublishObserver {

    private static final Log logger = LogFactory.getLog(PublishObservers.class);

    private final List<PublishObserver> observers = new CopyOnWriteArrayList<>();

    void add(PublishObserver observer) {
        this.observers.add(observer);
    }

    @Override
    public void finished(String channel, PublishOutcome outcome, long receivers, Duration took) {
        tell(observer -> observer.finished(channel, outcome, receivers, took));
    }

    @Override
    public void redirected(String channel) {
        tell(observer -> observer.redirected(channel));
    }

    @Override
    public void retried(String channel, String reason) {
        tell(observer -> observer.retried(channel, reason));
    }

    private void tell(Consumer<PublishObserver> event) {
        for (PublishObserver observer : this.observers) {
            try {
                event.accept(observer);
            } catch (RuntimeException ex) {
                logger.error("An observer of a publisher must not throw: " + observer, ex);
            }
        }
    }
}
