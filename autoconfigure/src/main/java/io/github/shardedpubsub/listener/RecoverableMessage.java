package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.recovery.StreamPosition;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.DefaultMessage;

/**
 * A message of a channel with a history, as every listener of such a channel gets it.
 */
public final class RecoverableMessage extends DefaultMessage {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable StreamPosition position;

    private final boolean recovered;

    RecoverableMessage(byte[] channel, byte[] body, @Nullable StreamPosition position, boolean recovered) {
        super(channel, body);
        this.position = position;
        this.recovered = recovered;
    }

    /**
     * Its place in the history; null for one that is not in it, since its publisher knows of none. Such a message cannot be recovered.
     */
    public @Nullable StreamPosition getPosition() {
        return this.position;
    }

    /**
     * Whether it did not come live, but was read from the history.
     */
    public boolean isRecovered() {
        return this.recovered;
    }
}
