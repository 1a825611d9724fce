package io.github.shardedpubsub.listener;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The listeners by their ids: those of {@link ShardedRedisListener} methods, and others that are registered. Safe for use by any
 * thread.
 */
public class ShardedRedisListenerRegistry {

    private final Map<String, ShardedListenerEndpoint> endpoints = new LinkedHashMap<>();

    /**
     * The listener with an id.
     *
     * @throws IllegalArgumentException if there is none; the message names those that there are
     * @see #findListener(String)
     */
    public ShardedListenerEndpoint getListener(String id) {
        return findListener(id)
                .orElseThrow(() -> new IllegalArgumentException(
                        "There is no sharded listener with the id '" + id + "', but " + getIds()));
    }

    /**
     * The listener with an id, if there is one.
     */
    public synchronized Optional<ShardedListenerEndpoint> findListener(String id) {
        return Optional.ofNullable(this.endpoints.get(id));
    }

    /**
     * All ids, in the order of registration.
     */
    public synchronized List<String> getIds() {
        return List.copyOf(this.endpoints.keySet());
    }

    /**
     * All listeners, in the order of registration.
     */
    public synchronized Collection<ShardedListenerEndpoint> getListeners() {
        return List.copyOf(this.endpoints.values());
    }

    /**
     * Registers a listener without starting it.
     *
     * @throws IllegalStateException if another has its id
     */
    public synchronized void register(ShardedListenerEndpoint endpoint) {
        ShardedListenerEndpoint other = this.endpoints.putIfAbsent(endpoint.getId(), endpoint);
        if (other != null) {
            throw new IllegalStateException("Two sharded listeners have the id '" + endpoint.getId() + "': " + other
                    + " and " + endpoint + ". Give one of them another id");
        }
    }

    /**
     * Stops a listener and forgets it. Does nothing if there is none with this id.
     */
    public void unregister(String id) {
        ShardedListenerEndpoint endpoint;
        synchronized (this) {
            endpoint = this.endpoints.remove(id);
        }
        if (endpoint != null) {
            endpoint.stop();
        }
    }
}
