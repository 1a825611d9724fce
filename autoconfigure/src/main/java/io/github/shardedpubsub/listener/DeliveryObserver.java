package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Duration;

/**
 * Hears what becomes of the messages of a {@link ShardMessageDelivery}; the subscriber of a {@code Flux} is a listener here. Each method
 * says on which thread; none may block or throw.
 */
public interface DeliveryObserver {

    /**
     * A message of a channel with listeners came from the server and is about to be queued. On an event loop.
     */
    default void received(ChannelName channel) {}

    /**
     * A listener's call has ended; a message that went to three listeners is told three times. On the thread of the listener.
     *
     * @param outcome whether it threw. Spring Data's own {@code @RedisListener} and its {@code MessageListenerAdapter} log an
     *     exception themselves and let nothing be seen of it: theirs always succeed
     * @param took how long the listener ran, without the time in the queue
     */
    default void delivered(ChannelName channel, DeliveryOutcome outcome, Duration took) {}

    /**
     * Messages were thrown away without a listener being called: its queue was full, or it was removed or the container stopped
     * before their turn came. A message that two listeners miss is told twice. On an event loop, or on the thread that removes or
     * stops.
     *
     * @param count how many, at least 1
     */
    default void dropped(ChannelName channel, long count) {}

    /**
     * The task executor has refused to run listeners, or could not; it is asked again. Messages wait meanwhile. On an event loop, or on a
     * thread of its own.
     */
    default void refused() {}

    /**
     * The first message since a queue was last empty was thrown away because it was full; {@link #dropped} follows. On an event
     * loop.
     *
     * @param overflow which message it was
     * @param capacity how many messages can wait in the queue
     */
    default void overflowed(ChannelName channel, OverflowPolicy overflow, int capacity) {}
}
