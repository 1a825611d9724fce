package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardMessageSink;
import io.github.shardedpubsub.subscription.ShardSubscription;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.MessageListener;

/**
 * A channel with its listeners, and its claim while the container runs. Changed under the container's lock only; event loops and
 * workers read it.
 */
final class ChannelRoute implements ShardMessageSink {

    private final ChannelName channel;

    private final DeliveryObservers observers;

    private volatile List<Registration> registrations = List.of();

    private volatile @Nullable ShardSubscription claim;

    /** Held while reading is paused or resumed, so that the last to look at the queues has the last word. */
    private final Object reading = new Object();

    ChannelRoute(ChannelName channel, DeliveryObservers observers) {
        this.channel = channel;
        this.observers = observers;
    }

    ChannelName channel() {
        return this.channel;
    }

    /** An immutable list, in the order of adding. */
    List<Registration> registrations() {
        return this.registrations;
    }

    @Nullable
    Registration find(MessageListener listener) {
        for (Registration registration : this.registrations) {
            if (registration.listener().listener().equals(listener)) {
                return registration;
            }
        }
        return null;
    }

    void add(Registration registration) {
        List<Registration> grown = new ArrayList<>(this.registrations);
        grown.add(registration);
        this.registrations = List.copyOf(grown);
    }

    void remove(Registration registration) {
        this.registrations =
                this.registrations.stream().filter(each -> each != registration).toList();
        registration.leave();
        registration.discard();
        registration.forget();
        roomChanged();
    }

    /** Queues a message for every listener. On an event loop. */
    @Override
    public void message(ChannelName channel, byte[] payload) {
        this.observers.received(channel);
        for (Registration registration : this.registrations) {
            registration.add(payload);
        }
    }

    /** Has the connection read no further while any queue is without room. */
    void roomChanged() {
        synchronized (this.reading) {
            ShardSubscription current = this.claim;
            if (current == null) {
                return;
            }
            if (this.registrations.stream().anyMatch(Registration::isReadingPaused)) {
                current.pauseReading();
            } else {
                current.resumeReading();
            }
        }
    }

    @Nullable
    ShardSubscription claim() {
        return this.claim;
    }

    void claim(ShardSubscription claim) {
        this.claim = claim;
    }

    @Nullable
    ShardSubscription takeClaim() {
        ShardSubscription taken = this.claim;
        this.claim = null;
        return taken;
    }
}
