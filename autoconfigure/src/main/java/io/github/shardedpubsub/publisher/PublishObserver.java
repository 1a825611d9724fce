package io.github.shardedpubsub.publisher;

import java.time.Duration;

/**
 * Hears what becomes of the messages of a {@link ShardedPublisher}. Called on event loops, or on the thread that publishes; none of
 * the methods may block or throw.
 */
public interface PublishObserver {

    /**
     * A message is done with.
     *
     * @param receivers as the node counted them, 0 if it was not published
     * @param took from the call to the answer
     */
    default void finished(String channel, PublishOutcome outcome, long receivers, Duration took) {}

    /**
     * A node named another one ({@code MOVED}, {@code ASK}), where the message is offered next.
     */
    default void redirected(String channel) {}

    /**
     * A message that was refused for the moment, or could not be sent, will be offered again after a wait.
     *
     * @param reason the server's error, or why there was no connection
     */
    default void retried(String channel, String reason) {}
}
