package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** All observers, none of which harms another. */
final class RecoveryObservers implements RecoveryObserver {

    private static final Log logger = LogFactory.getLog(RecoveryObservers.class);

    private final List<RecoveryObserver> observers = new CopyOnWriteArrayList<>();

    void add(RecoveryObserver observer) {
        this.observers.add(observer);
    }

    @Override
    public void recovered(ChannelName channel, long messages, Duration took) {
        tell(observer -> observer.recovered(channel, messages, took));
    }

    @Override
    public void historyLost(ChannelName channel, HistoryLoss loss) {
        tell(observer -> observer.historyLost(channel, loss));
    }

    @Override
    public void writesLost(String channel, LostWrites lost) {
        tell(observer -> observer.writesLost(channel, lost));
    }

    @Override
    public void duplicate(ChannelName channel) {
        tell(observer -> observer.duplicate(channel));
    }

    @Override
    public void deferred(ChannelName channel, long messages) {
        tell(observer -> observer.deferred(channel, messages));
    }

    @Override
    public void readFailed(ChannelName channel, String reason) {
        tell(observer -> observer.readFailed(channel, reason));
    }

    @Override
    public void positionFailed(String channel, String reason) {
        tell(observer -> observer.positionFailed(channel, reason));
    }

    private void tell(Consumer<RecoveryObserver> event) {
        for (RecoveryObserver observer : this.observers) {
            try {
                event.accept(observer);
            } catch (RuntimeException ex) {
                logger.error("A recovery observer must not throw: " + observer, ex);
            }
        }
    }
}
