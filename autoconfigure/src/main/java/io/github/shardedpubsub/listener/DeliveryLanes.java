package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.MessageListener;

/**
 * On which workers a listener's messages are delivered, and how they wait: as it is set for the container, or as the listener's own
 * options say. Listeners without a concurrency of their own share workers, and none of them may have all of these.
 */
final class DeliveryLanes {

    private final PatientExecutor executor;

    private final OrderedDelivery.Destination destination;

    private final AtomicInteger waiting = new AtomicInteger();

    private int concurrency;

    private int queueCapacity;

    private OverflowPolicy overflow = OverflowPolicy.DROP_OLDEST;

    private @Nullable OrderedDelivery shared;

    private volatile boolean paused;

    DeliveryLanes(Executor executor, OrderedDelivery.Destination destination, int concurrency, int queueCapacity) {
        this.executor = new PatientExecutor(executor, destination::refused);
        this.destination = destination;
        this.concurrency = concurrency;
        this.queueCapacity = queueCapacity;
    }

    /** The executor that was given, but that what it refuses is offered to it again. */
    Executor executor() {
        return this.executor;
    }

    /** Nothing is offered again any more. */
    void close() {
        this.executor.close();
    }

    /** For listeners that are added from now on, as with the next two. */
    synchronized void concurrency(int concurrency) {
        this.concurrency = concurrency;
        this.shared = null;
    }

    synchronized void queueCapacity(int queueCapacity) {
        this.queueCapacity = queueCapacity;
    }

    synchronized void overflow(OverflowPolicy overflow) {
        this.overflow = overflow;
    }

    synchronized RegisteredListener listener(MessageListener listener, ListenerOptions options) {
        Integer own = options.concurrency();
        if (own != null) {
            return new RegisteredListener(listener, options, delivery(own), own);
        }
        if (this.shared == null) {
            this.shared = delivery(this.concurrency);
        }
        // one worker is left to the others, however many channels a slow listener has
        return new RegisteredListener(listener, options, this.shared, Math.max(1, this.concurrency - 1));
    }

    private OrderedDelivery delivery(int concurrency) {
        return new OrderedDelivery(this.executor, concurrency, this.destination, this.waiting);
    }

    /**
     * A registration with an empty queue.
     *
     * @param roomChanged called when the queue has room no more, or again
     */
    synchronized Registration register(ChannelName channel, RegisteredListener listener, Runnable roomChanged) {
        Integer capacity = listener.options().queueCapacity();
        return new Registration(
                channel,
                listener,
                this::isPaused,
                capacity != null ? capacity : this.queueCapacity,
                Objects.requireNonNullElse(listener.options().overflow(), this.overflow),
                roomChanged);
    }

    boolean isPaused() {
        return this.paused;
    }

    void pause(boolean paused) {
        this.paused = paused;
    }

    /** How many messages wait. */
    int size() {
        // A worker may have taken a message whose adding is not counted yet.
        return Math.max(0, this.waiting.get());
    }
}
