package io.github.shardedpubsub.observation;

import io.github.shardedpubsub.publisher.PublishOutcome;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message that is being published, as an {@link ShardPublishObservationConvention} sees it. Its carrier takes the headers of a trace,
 * which go with the message if there is a {@link PayloadEnvelope}.
 */
public final class ShardPublishObservationContext extends SenderContext<Map<String, String>> {

    private final String channel;

    private volatile @Nullable PublishOutcome outcome;

    private volatile long receivers;

    /**
     * Creates the context of a message that is not sent yet.
     */
    public ShardPublishObservationContext(String channel) {
        super((headers, name, value) -> Objects.requireNonNull(headers).put(name, value), Kind.PRODUCER);
        this.channel = channel;
        setCarrier(new LinkedHashMap<>());
        setRemoteServiceName("Redis");
    }

    /**
     * The shard channel.
     */
    public String getChannel() {
        return this.channel;
    }

    /**
     * What became of the message; null while it is on its way.
     */
    public @Nullable PublishOutcome getOutcome() {
        return this.outcome;
    }

    /**
     * How many subscribers the node counted that served it; 0 while it is on its way, or if it was not published.
     */
    public long getReceivers() {
        return this.receivers;
    }

    void ended(PublishOutcome outcome, long receivers) {
        this.outcome = outcome;
        this.receivers = receivers;
    }
}
