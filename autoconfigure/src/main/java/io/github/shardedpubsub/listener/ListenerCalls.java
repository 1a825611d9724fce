package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.recovery.HistoryMessage;
import java.time.Duration;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.DefaultMessage;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.util.ErrorHandler;

/**
 * The calls of listeners: measures them, and gives what they throw to an error handler, so that the next message comes all the same.
 */
final class ListenerCalls implements OrderedDelivery.Destination {

    private static final Log logger = LogFactory.getLog(ListenerCalls.class);

    private final DeliveryObservers observers;

    private final Call call;

    private volatile @Nullable ErrorHandler errorHandler;

    private volatile @Nullable DeliveryInterceptor interceptor;

    /** How a listener is called. */
    interface Call {

        void call(MessageListener listener, Message message, byte[] channel);
    }

    ListenerCalls(DeliveryObservers observers, Call call) {
        this.observers = observers;
        this.call = call;
    }

    /** For listeners without one of their own. */
    void errorHandler(@Nullable ErrorHandler errorHandler) {
        this.errorHandler = errorHandler;
    }

    /** Around each call from now on. */
    void interceptor(@Nullable DeliveryInterceptor interceptor) {
        this.interceptor = interceptor;
    }

    @Override
    public long deliver(Registration registration, byte[] queued, long free) {
        if (registration.isEnded()) {
            this.observers.dropped(registration.channel(), 1);
            return 0;
        }
        // To look at the clock costs as much as a short listener: only for observers, and once where calls follow each
        // other.
        boolean observed = !this.observers.isEmpty();
        long begin = observed && free == 0 ? System.nanoTime() : free;
        long end = 0;
        DeliveryOutcome outcome = DeliveryOutcome.SUCCESS;
        DeliveryInterceptor interceptor = this.interceptor;
        DeliveryInterceptor.Delivery delivery = null;
        HistoryMessage opened = registration.open(queued);
        byte[] payload = opened != null ? opened.payload() : queued;
        try {
            if (interceptor != null) {
                delivery = interceptor.begin(
                        registration.channel(),
                        registration.listener().options().name(),
                        payload);
            }
            byte[] channel = registration.channelBytes();
            byte[] body = delivery != null ? delivery.payload() : payload;
            // It gives out copies only.
            Message message = opened == null
                    ? new DefaultMessage(channel, body)
                    : new RecoverableMessage(channel, body, opened.position(), opened.recovered());
            // The channel is the source, as in Spring Data's container: adapters read it there.
            this.call.call(registration.listener().listener(), message, message.getChannel());
        } catch (Throwable ex) {
            outcome = DeliveryOutcome.ERROR;
            if (delivery != null) {
                delivery.failed(ex);
            }
            handle(registration, ex);
        } finally {
            // What interrupts a listener is not meant for the next one.
            var unused = Thread.interrupted();
            if (observed) {
                end = System.nanoTime();
                this.observers.delivered(registration.channel(), outcome, Duration.ofNanos(end - begin));
            }
            if (delivery != null) {
                delivery.end();
                end = 0;
            }
            if (opened != null) {
                registration.taken(opened);
            }
        }
        return end;
    }

    private void handle(Registration registration, Throwable failure) {
        ErrorHandler own = registration.listener().options().errorHandler();
        ErrorHandler handler = own != null ? own : this.errorHandler;
        if (handler != null) {
            handler.handleError(failure);
        } else {
            logger.error(
                    "A listener of the shard channel '" + registration.channel()
                            + "' failed, and no ErrorHandler is set; the next messages are delivered all the same",
                    failure);
        }
    }

    @Override
    public void dropped(Registration registration, long count, boolean first) {
        ChannelQueue queue = registration.queue();
        if (first) {
            logger.warn("A queue of the shard channel '" + registration.channel() + "' is full with "
                    + queue.capacity() + " messages: " + registration.listener()
                    + " is slower than they come. Until the queue has been empty, messages are dropped ("
                    + queue.overflow() + ") and counted, but not logged");
            this.observers.overflowed(registration.channel(), queue.overflow(), queue.capacity());
        }
        this.observers.dropped(registration.channel(), count);
    }

    @Override
    public void refused() {
        this.observers.refused();
    }
}
