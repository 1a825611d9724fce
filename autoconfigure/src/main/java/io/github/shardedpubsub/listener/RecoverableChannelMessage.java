package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.recovery.StreamPosition;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.ReactiveSubscription.ChannelMessage;

/**
 * A message of a channel with a history, as a {@code Flux} of such a channel has it.
 *
 * @param <C> what the channel's name is read as
 * @param <M> what the payload is read as
 * @see RecoverableMessage
 */
public final class RecoverableChannelMessage<C, M> extends ChannelMessage<C, M> {

    private final @Nullable StreamPosition position;

    private final boolean recovered;

    RecoverableChannelMessage(C channel, M message, RecoverableMessage received) {
        super(channel, message);
        this.position = received.getPosition();
        this.recovered = received.isRecovered();
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
