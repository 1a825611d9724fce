package io.github.shardedpubsub.observation;

import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A listener that is called with a message, as a {@link ShardProcessObservationConvention} sees it. Its carrier has the headers that
 * came with the message, if there is a {@link PayloadEnvelope}.
 */
public final class ShardProcessObservationContext extends ReceiverContext<Map<String, String>> {

    private final String channel;

    private final @Nullable String listener;

    /**
     * Creates the context of a call that has not begun.
     *
     * @param listener the id or name that somebody has chosen for the listener, null for none
     * @param headers what came with the message, empty for nothing
     */
    public ShardProcessObservationContext(String channel, @Nullable String listener, Map<String, String> headers) {
        super(Map::get, Kind.CONSUMER);
        this.channel = channel;
        this.listener = listener;
        setCarrier(headers);
        setRemoteServiceName("Redis");
    }

    /**
     * The shard channel.
     */
    public String getChannel() {
        return this.channel;
    }

    /**
     * The id or name that somebody has chosen for the listener, null for none.
     */
    public @Nullable String getListener() {
        return this.listener;
    }
}
