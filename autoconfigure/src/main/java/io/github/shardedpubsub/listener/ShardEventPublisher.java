package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.RecoveryObserver;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationEventPublisher;

/**
 * Publishes what happens to channels as {@link ShardChannelEvent}s, one after the other on a thread of its own. Events wait in a
 * bounded queue; one that comes when it is full is dropped and counted.
 */
public class ShardEventPublisher implements SubscriptionObserver, DeliveryObserver, RecoveryObserver, DisposableBean {

    private static final Log logger = LogFactory.getLog(ShardEventPublisher.class);

    /** How many events can wait: 10000. */
    public static final int DEFAULT_CAPACITY = 10_000;

    private static final int IDLE_THREAD_SECONDS = 10;

    private final ApplicationEventPublisher events;

    private final Clock clock;

    private final ThreadPoolExecutor executor;

    private final AtomicLong dropped = new AtomicLong();

    /** Since the last that was not. */
    private volatile boolean dropping;

    /**
     * Creates it; it has to be registered as an observer of subscriptions, containers and recoveries.
     *
     * @param capacity how many events can wait
     */
    public ShardEventPublisher(ApplicationEventPublisher events, Clock clock, int capacity) {
        this.events = events;
        this.clock = clock;
        this.executor = new ThreadPoolExecutor(
                1, 1, IDLE_THREAD_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(capacity), task -> {
                    Thread thread = new Thread(task, "sharded-pubsub-events");
                    thread.setDaemon(true);
                    return thread;
                });
        this.executor.allowCoreThreadTimeOut(true);
    }

    /**
     * How many events were dropped because too many waited.
     */
    public long dropped() {
        return this.dropped.get();
    }

    @Override
    public void channelChanged(ChannelTransition transition) {
        ShardChannelEvent event = event(transition);
        if (event != null) {
            publish(event);
        }
    }

    /** What an application hears of a transition; null if nothing. */
    static @Nullable ShardChannelEvent event(ChannelTransition transition) {
        String channel = transition.channel().toString();
        Interruption interruption = transition.interruption();
        if (interruption != null) {
            Duration duration = interruption.duration();
            return duration == null
                    ? new ShardInterruptedEvent(
                            channel,
                            transition.slot(),
                            interruption.cause(),
                            interruption.since(),
                            interruption.from(),
                            interruption.detail())
                    : new ShardRestoredEvent(
                            channel,
                            transition.slot(),
                            interruption.cause(),
                            interruption.since(),
                            duration,
                            interruption.from(),
                            transition.node());
        }
        if (transition.to() == ChannelState.REFUSED) {
            return new ShardRefusedEvent(
                    channel, transition.slot(), transition.node(), transition.detail(), transition.at());
        }
        boolean first = transition.to() == ChannelState.SUBSCRIBED && transition.from() != ChannelState.SUBSCRIBED;
        return first ? new ShardSubscribedEvent(channel, transition.slot(), transition.node(), transition.at()) : null;
    }

    @Override
    public void overflowed(ChannelName channel, OverflowPolicy overflow, int capacity) {
        publish(new ShardMessagesDroppedEvent(channel.toString(), overflow, capacity, this.clock.instant()));
    }

    @Override
    public void historyLost(ChannelName channel, HistoryLoss loss) {
        publish(new ShardHistoryLostEvent(
                channel.toString(), loss.cause(), loss.after(), loss.before(), this.clock.instant()));
    }

    private void publish(ShardChannelEvent event) {
        try {
            this.executor.execute(() -> deliver(event));
            this.dropping = false;
        } catch (RejectedExecutionException full) {
            if (this.executor.isShutdown()) {
                return;
            }
            this.dropped.incrementAndGet();
            if (!this.dropping) {
                this.dropping = true;
                logger.warn("Too many events of shard channels wait for the application's event listeners: events are"
                        + " dropped and counted, the first of them " + event);
            }
        }
    }

    private void deliver(ShardChannelEvent event) {
        try {
            this.events.publishEvent(event);
        } catch (RuntimeException | Error ex) {
            logger.error("An event listener failed at " + event, ex);
        }
    }

    /** Publishes nothing more. */
    @Override
    public void destroy() {
        this.executor.shutdownNow();
    }
}
