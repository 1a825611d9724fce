package io.github.shardedpubsub.listener;

/**
 * Headers of messages for annotated methods, besides those of
 * {@link org.springframework.data.redis.listener.support.PubSubHeaders}.
 */
public final class ShardPubSubHeaders {

    /** The slot of the channel, an {@link Integer} from 0 to 16383. */
    public static final String SLOT = "slot";

    /**
     * On channels with a history: whether the message did not come live, but was read from there, a {@link Boolean}.
     */
    public static final String RECOVERED = "recovered";

    /**
     * On channels with a history: the message's place there, a {@link io.github.shardedpubsub.recovery.StreamPosition}. Not there for a
     * message whose publisher knows of no history, so that it cannot be recovered.
     */
    public static final String POSITION = "historyPosition";

    private ShardPubSubHeaders() {}
}
