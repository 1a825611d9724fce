package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.ShardRecovery;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * On which workers a listener's messages are delivered, and how they wait: as it is set for the container, or as the listener's own
 * options say. Listeners without a concurrency of their own share workers, and none of them may have all of these.
 */
final class DeliveryLanes {

    private static final Log logger = LogFactory.getLog(DeliveryLanes.class);

    private static final int LEAST_DEFAULT_CONCURRENCY = 4;

    private static final int IDLE_THREAD_SECONDS = 10;

    private final PatientExecutor executor;

    private final OrderedDelivery.Destination destination;

    private int concurrency;

    private int queueCapacity;

    private OverflowPolicy overflow = OverflowPolicy.DROP_OLDEST;

    private @Nullable ShardRecovery recovery;

    private @Nullable OrderedDelivery shared;

    private volatile boolean paused;

    /** As many workers as there are processors, and at least 4. */
    DeliveryLanes(Executor executor, OrderedDelivery.Destination destination) {
        this.executor = new PatientExecutor(executor, destination::refused);
        this.destination = destination;
        this.concurrency =
                Math.max(LEAST_DEFAULT_CONCURRENCY, Runtime.getRuntime().availableProcessors());
        this.queueCapacity = ShardedRedisMessageListenerContainer.DEFAULT_QUEUE_CAPACITY;
    }

    /** Threads that end when idle, for containers that were given none. How many there are is decided by concurrency. */
    static ThreadPoolTaskExecutor threads(String namePrefix) {
        ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
        executor.setThreadNamePrefix(namePrefix);
        executor.setQueueCapacity(0);
        executor.setKeepAliveSeconds(IDLE_THREAD_SECONDS);
        executor.setCorePoolSize(0);
        executor.setDaemon(true);
        executor.initialize();
        return executor;
    }

    /** The executor that was given, but that what it refuses is offered to it again. */
    Executor executor() {
        return this.executor;
    }

    /** Nothing is offered again any more. */
    void close() {
        this.executor.close();
    }

    /** For listeners that are added from now on, as with the next three. */
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

    synchronized void recovery(@Nullable ShardRecovery recovery) {
        this.recovery = recovery;
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
        int mostWorkers = listener instanceof RequestingListener ? 1 : Math.max(1, this.concurrency - 1);
        return new RegisteredListener(listener, options, this.shared, mostWorkers);
    }

    private OrderedDelivery delivery(int concurrency) {
        return new OrderedDelivery(this.executor, concurrency, this.destination);
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
                roomChanged,
                this.recovery);
    }

    /** Saves how far listeners are that go on there, and waits for it at most so long; called by a listener it does not wait. */
    void savePositions(long millis) {
        ShardRecovery current;
        synchronized (this) {
            current = this.recovery;
        }
        if (current != null && !current.flush(isWorking() ? 0 : millis)) {
            logger.warn(
                    "It could not be saved in time how far all listeners of shard channels are: when they start again, they may get"
                            + " some messages again");
        }
    }

    boolean isPaused() {
        return this.paused;
    }

    void pause(boolean paused) {
        this.paused = paused;
    }

    /** Whether the calling thread is one that calls listeners, so that it must not wait for them. */
    boolean isWorking() {
        return OrderedDelivery.isWorkingFor(this.destination);
    }

    /**
     * Waits until nothing is queued and no call runs, but for what is paused. Called by a listener it does not wait.
     *
     * @return whether that came to be in time, or the thread is interrupted; it stays so
     */
    boolean drain(List<Registration> registrations, long millis) {
        if (isWorking()) {
            return true;
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        try {
            for (Registration registration : registrations) {
                if (!registration.queue().awaitIdle(deadline)) {
                    return false;
                }
            }
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        return true;
    }
}
