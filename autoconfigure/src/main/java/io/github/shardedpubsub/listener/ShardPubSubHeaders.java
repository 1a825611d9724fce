package io.github.shardedpubsub.listener;

/**
 * Headers of messages for annotated methods, besides those of
 * {@link org.springframework.data.redis.listener.support.PubSubHeaders}.
 */
public final class ShardPubSubHeaders {

    /** The slot of the channel, an {@link Integer} from 0 to 16383. */
    public static final String SLOT = "slot";

    private ShardPubSubHeaders() {}
}
