package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import org.jspecify.annotations.Nullable;

/**
 * Is around each call of a listener, from before the message is converted until the error handler has done: for tracing, and for
 * payloads that carry more than the listener is to have. Giving a message to the subscriber of a {@code Flux} is a call here, which ends
 * when {@code onNext} returns.
 */
@FunctionalInterface
public interface DeliveryInterceptor {

    /**
     * A listener is about to be called, on this thread. What is thrown here goes to the error handler in place of what the listener
     * would throw, and the listener is not called.
     *
     * @param listener the {@linkplain ListenerOptions#name() name} of the listener, null for none
     * @param payload as it came, to be left unchanged
     * @return null where there is nothing to do
     */
    @Nullable
    Delivery begin(ChannelName channel, @Nullable String listener, byte[] payload);

    /** One call of one listener. Used on its thread, by nobody else. */
    interface Delivery {

        /**
         * What the listener is given.
         */
        byte[] payload();

        /**
         * The listener has thrown something, which the error handler is given next.
         */
        void failed(Throwable failure);

        /**
         * The call is over, and so is the error handler's.
         */
        void end();
    }
}
