package io.github.shardedpubsub.listener;

import java.util.List;

/**
 * Shard channels were not confirmed by the cluster within the time that the container waits for that.
 */
public class ShardSubscriptionTimeoutException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    /** A plain list is Serializable as long as its class is; this one comes from {@code List.copyOf}. */
    @SuppressWarnings("serial")
    private final List<String> channels;

    /**
     * Creates the exception.
     *
     * @param message what was seen
     * @param channels the names of the channels that are not confirmed
     */
    public ShardSubscriptionTimeoutException(String message, List<String> channels) {
        super(message);
        this.channels = List.copyOf(channels);
    }

    /**
     * The names of the channels that are not confirmed.
     */
    public List<String> getChannels() {
        return this.channels;
    }
}
