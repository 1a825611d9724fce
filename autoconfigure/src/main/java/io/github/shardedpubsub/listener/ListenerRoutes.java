package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.StartPosition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.MessageListener;

/**
 * Which listener is on which channel. Changed under the container's lock only.
 */
final class ListenerRoutes {

    private final Map<ChannelName, ChannelRoute> byChannel = new ConcurrentHashMap<>();

    private final Map<MessageListener, Set<ChannelName>> channelsOf = new HashMap<>();

    private final Map<MessageListener, RegisteredListener> listeners = new HashMap<>();

    private final DeliveryLanes lanes;

    private final DeliveryObservers observers;

    ListenerRoutes(DeliveryLanes lanes, DeliveryObservers observers) {
        this.lanes = lanes;
        this.observers = observers;
    }

    @Nullable
    ChannelRoute find(ChannelName channel) {
        return this.byChannel.get(channel);
    }

    Collection<ChannelRoute> all() {
        return this.byChannel.values();
    }

    boolean isEmpty() {
        return this.byChannel.isEmpty();
    }

    int size() {
        return this.byChannel.size();
    }

    @Nullable
    RegisteredListener find(MessageListener listener) {
        return this.listeners.get(listener);
    }

    /**
     * Adds a listener where it is not yet, and returns what is new.
     *
     * @param options null for those that it has, or for none
     * @throws IllegalArgumentException if it has other options, or they do not fit the channels
     */
    List<Registration> add(
            MessageListener listener, Collection<ChannelName> channels, @Nullable ListenerOptions options) {
        if (options != null && options.start() instanceof StartPosition.After && channels.size() > 1) {
            throw new IllegalArgumentException("The listener " + listener + " is to start with '" + options.start()
                    + "', which is a place in the history of one channel, on " + channels
                    + ": add it to each channel with another listener, or let it start otherwise");
        }
        RegisteredListener registered = this.listeners.get(listener);
        if (registered == null) {
            registered = this.lanes.listener(listener, options != null ? options : ListenerOptions.DEFAULTS);
            this.listeners.put(listener, registered);
        } else if (options != null && !options.equals(registered.options())) {
            throw new IllegalArgumentException("The listener " + listener + " is there with " + registered.options()
                    + " and cannot be added with " + options + ": remove it first, or add another");
        }
        List<Registration> added = new ArrayList<>();
        List<Registration> created = new ArrayList<>();
        try {
            for (ChannelName channel : channels) {
                ChannelRoute route = this.byChannel.get(channel);
                Registration present = route != null ? route.find(listener) : null;
                if (present == null) {
                    created.add(create(channel, registered));
                } else if (present.stay()) {
                    added.add(present);
                }
            }
        } catch (RuntimeException | Error ex) {
            remove(created);
            if (!this.channelsOf.containsKey(listener)) {
                this.listeners.remove(listener);
            }
            throw ex;
        }
        added.addAll(created);
        return added;
    }

    private Registration create(ChannelName channel, RegisteredListener listener) {
        ChannelRoute present = this.byChannel.get(channel);
        ChannelRoute route = present != null ? present : new ChannelRoute(channel, this.observers);
        Registration registration = this.lanes.register(channel, listener, route::roomChanged);
        route.add(registration);
        this.byChannel.put(channel, route);
        this.channelsOf
                .computeIfAbsent(listener.listener(), ignored -> new LinkedHashSet<>())
                .add(channel);
        return registration;
    }

    /** The registrations of a listener on these channels. */
    List<Registration> of(MessageListener listener, Collection<ChannelName> channels) {
        List<Registration> found = new ArrayList<>();
        for (ChannelName channel : channels) {
            ChannelRoute route = this.byChannel.get(channel);
            Registration registration = (route != null) ? route.find(listener) : null;
            if (registration != null) {
                found.add(registration);
            }
        }
        return found;
    }

    /** The registrations of a listener on every channel. */
    List<Registration> of(MessageListener listener) {
        return of(listener, this.channelsOf.getOrDefault(listener, Set.of()));
    }

    /** The routes of these registrations, each once. */
    Collection<ChannelRoute> of(Collection<Registration> registrations) {
        Map<ChannelName, ChannelRoute> found = new LinkedHashMap<>();
        for (Registration registration : registrations) {
            ChannelRoute route = this.byChannel.get(registration.channel());
            if (route != null) {
                found.put(registration.channel(), route);
            }
        }
        return found.values();
    }

    /** Every registration there is. */
    List<Registration> registrations() {
        return this.byChannel.values().stream()
                .flatMap(route -> route.registrations().stream())
                .toList();
    }

    /** Removes registrations and returns the routes on which nobody is left, which are forgotten. */
    List<ChannelRoute> remove(Collection<Registration> registrations) {
        List<ChannelRoute> deserted = new ArrayList<>();
        for (Registration registration : registrations) {
            ChannelRoute route = this.byChannel.get(registration.channel());
            if (route == null || !route.registrations().contains(registration)) {
                continue;
            }
            route.remove(registration);
            MessageListener listener = registration.listener().listener();
            Set<ChannelName> channels = this.channelsOf.get(listener);
            if (channels != null) {
                channels.remove(registration.channel());
                if (channels.isEmpty()) {
                    this.channelsOf.remove(listener);
                    this.listeners.remove(listener);
                }
            }
            if (route.registrations().isEmpty()) {
                this.byChannel.remove(registration.channel());
                deserted.add(route);
            }
        }
        return deserted;
    }
}
