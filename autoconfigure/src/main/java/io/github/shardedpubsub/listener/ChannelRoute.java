package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscription;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.MessageListener;

/**
 * A channel with its listeners, its queue, and its claim while the container runs. Changed under the container's lock only; event
 * loops read the registrations.
 */
final class ChannelRoute {

    private final ChannelName channel;

    private final ChannelQueue queue;

    private volatile List<Registration> registrations = List.of();

    private @Nullable ShardSubscription claim;

    ChannelRoute(ChannelName channel) {
        this.channel = channel;
        this.queue = new ChannelQueue(channel);
    }

    ChannelName channel() {
        return this.channel;
    }

    ChannelQueue queue() {
        return this.queue;
    }

    /** An immutable list, in the order of adding. */
    List<Registration> registrations() {
        return this.registrations;
    }

    @Nullable
    Registration find(MessageListener listener) {
        for (Registration registration : this.registrations) {
            if (registration.listener().equals(listener)) {
                return registration;
            }
        }
        return null;
    }

    Registration add(MessageListener listener) {
        Registration registration = new Registration(this.channel, listener);
        List<Registration> grown = new ArrayList<>(this.registrations);
        grown.add(registration);
        this.registrations = List.copyOf(grown);
        return registration;
    }

    void remove(Registration registration) {
        registration.remove();
        this.registrations =
                this.registrations.stream().filter(each -> each != registration).toList();
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
