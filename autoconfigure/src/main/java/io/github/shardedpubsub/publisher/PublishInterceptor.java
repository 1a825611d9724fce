package io.github.shardedpubsub.publisher;

import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Is around each message of a {@link ShardedPublisher}, from before it is sent until it is done with: for tracing, and for payloads that
 * carry more than was published.
 */
@FunctionalInterface
public interface PublishInterceptor {

    /**
     * A message is about to be sent, on the thread that publishes it. What is thrown here is what its publishing fails with.
     *
     * @param payload as it was written, to be left unchanged
     * @param caller the context of the subscriber who publishes, null for a caller who is not reactive
     * @return null where there is nothing to do
     */
    @Nullable
    Publishing begin(String channel, byte[] payload, @Nullable ContextView caller);

    /** One message, however often it is offered. */
    interface Publishing {

        /**
         * What is sent.
         */
        byte[] payload();

        /**
         * The message is done with, and the caller is told next. On an event loop, or on the thread that publishes; it must neither
         * block nor throw.
         *
         * @param receivers as the node counted them, 0 if it was not published
         * @param failure what the caller gets, null if it was published
         */
        void end(PublishOutcome outcome, long receivers, @Nullable Throwable failure);
    }
}
