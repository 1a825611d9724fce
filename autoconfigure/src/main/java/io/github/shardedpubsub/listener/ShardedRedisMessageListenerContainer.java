package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.TaskExecutor;
import org.springframework.data.redis.connection.DefaultMessage;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.SubscriptionListener;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.listener.Topic;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.util.Assert;

/**
 * Spring Data's message listener container for shard channels: {@code SSUBSCRIBE} at the node that serves the channel's slot, and
 * again wherever the slot goes. It is used like its superclass, with these differences:
 *
 * <ul>
 *   <li>Topics are exact channels. A {@link PatternTopic} is refused, since sharded pub/sub has no patterns.
 *   <li>The messages of a channel reach its listeners in the order sent, one after the other; different channels are served side by
 *       side, by at most {@link #setConcurrency so many} threads of the {@link #setTaskExecutor task executor}. Messages wait in a
 *       {@linkplain #setQueueCapacity bounded} queue for each channel.
 *   <li>{@link #addMessageListener(MessageListener, Collection) Adding} a listener to a running container, and {@link #start()},
 *       return when all channels are confirmed, or throw with the reason and leave nothing behind.
 *   <li>A lost connection is no error: the {@link ShardSubscriptions} work on it for ever, and say how it stands.
 *       {@code setRecoveryInterval}, {@code setRecoveryBackoff} and {@code setSubscriptionExecutor} have no effect.
 *   <li>A {@link SubscriptionListener} is told of a channel's first confirmation and of its end; not of the slot's moves between.
 * </ul>
 *
 * <p>Safe for use by several threads once {@link #afterPropertiesSet()} was called. What a listener throws goes to the
 * {@link #setErrorHandler error handler}.
 */
public class ShardedRedisMessageListenerContainer extends RedisMessageListenerContainer {

    /** The name of the container's bean, as {@link ShardedRedisListener} refers to it. */
    public static final String BEAN_NAME = "shardedRedisMessageListenerContainer";

    /** How long adding and starting wait for confirmations: 10 s, in milliseconds. */
    public static final long DEFAULT_SUBSCRIPTION_TIMEOUT = 10_000;

    /** How many messages wait for each channel at most: 10000. */
    public static final int DEFAULT_QUEUE_CAPACITY = 10_000;

    private static final int LEAST_DEFAULT_CONCURRENCY = 4;

    private static final int IDLE_THREAD_SECONDS = 10;

    private final ListenerClaims claims;

    private final DeliveryObservers observers = new DeliveryObservers();

    /** Held during starting and stopping with all their waiting, so that they do not overlap. */
    private final ReentrantLock lifecycle = new ReentrantLock();

    private volatile boolean listening;

    private RedisSerializer<String> topicSerializer = RedisSerializer.string();

    private @Nullable String beanName;

    private @Nullable Executor taskExecutor;

    private @Nullable TaskExecutor ownExecutor;

    private int concurrency =
            Math.max(LEAST_DEFAULT_CONCURRENCY, Runtime.getRuntime().availableProcessors());

    private int queueCapacity = DEFAULT_QUEUE_CAPACITY;

    private OverflowPolicy overflowPolicy = OverflowPolicy.DROP_OLDEST;

    private boolean failOnStartTimeout = true;

    private @Nullable OrderedDelivery delivery;

    /**
     * Creates a container; it needs a {@link #setConnectionFactory connection factory} besides, as its superclass does.
     *
     * @param subscriptions where channels are claimed; they have to be closed after the container is stopped
     */
    public ShardedRedisMessageListenerContainer(ShardSubscriptions subscriptions) {
        Assert.notNull(subscriptions, "ShardSubscriptions must not be null");
        this.claims = new ListenerClaims(subscriptions, this::receive, this::execute);
        setMaxSubscriptionRegistrationWaitingTime(DEFAULT_SUBSCRIPTION_TIMEOUT);
    }

    /**
     * Sets how many channels are delivered at the same time; by default the number of processors, and at least 4. To be set before
     * initialization.
     */
    public void setConcurrency(int concurrency) {
        Assert.isTrue(concurrency > 0, "Concurrency must be positive");
        this.concurrency = concurrency;
    }

    /**
     * Sets how many messages of one channel can wait for their delivery; {@value #DEFAULT_QUEUE_CAPACITY} by default. To be set
     * before initialization.
     */
    public void setQueueCapacity(int queueCapacity) {
        Assert.isTrue(queueCapacity > 0, "Queue capacity must be positive");
        this.queueCapacity = queueCapacity;
    }

    /**
     * Sets what is thrown away when the queue of a channel is full; by default the oldest message. To be set before initialization.
     */
    public void setOverflowPolicy(OverflowPolicy overflowPolicy) {
        Assert.notNull(overflowPolicy, "OverflowPolicy must not be null");
        this.overflowPolicy = overflowPolicy;
    }

    /**
     * Sets whether {@link #start()} fails if channels are not confirmed in time, which is the default. Otherwise it logs a warning
     * and the subscriptions go on working at it. A channel that is refused lets the start fail in both cases.
     */
    public void setFailOnStartTimeout(boolean failOnStartTimeout) {
        this.failOnStartTimeout = failOnStartTimeout;
    }

    @Override
    public void setTaskExecutor(Executor taskExecutor) {
        super.setTaskExecutor(taskExecutor);
        this.taskExecutor = taskExecutor;
    }

    @Override
    public void setTopicSerializer(RedisSerializer<String> serializer) {
        super.setTopicSerializer(serializer);
        this.topicSerializer = serializer;
    }

    @Override
    public void setBeanName(String name) {
        super.setBeanName(name);
        this.beanName = name;
    }

    /**
     * Registers an observer for every message from now on.
     */
    public void addDeliveryObserver(DeliveryObserver observer) {
        this.observers.add(observer);
    }

    /**
     * How many messages of all channels wait to be delivered now.
     */
    public int queueSize() {
        OrderedDelivery current = this.delivery;
        return (current != null) ? current.size() : 0;
    }

    /**
     * How many messages can wait at most now: the capacity for one channel, as often as there are channels with listeners.
     */
    public int queueCapacity() {
        return (int) Math.min(Integer.MAX_VALUE, (long) this.queueCapacity * this.claims.size());
    }

    @Override
    public void afterPropertiesSet() {
        if (this.taskExecutor == null) {
            this.ownExecutor = createDefaultTaskExecutor();
            setTaskExecutor(this.ownExecutor);
        }
        super.afterPropertiesSet();
        Executor executor = this.taskExecutor;
        Assert.state(executor != null, "No task executor");
        this.delivery = new OrderedDelivery(
                executor, this.concurrency, this.queueCapacity, this.overflowPolicy, new Listeners());
    }

    /**
     * Creates the executor that is used if none is set: a pool of at most as many threads as the concurrency, which end when idle.
     */
    @Override
    protected TaskExecutor createDefaultTaskExecutor() {
        ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
        executor.setThreadNamePrefix((this.beanName != null ? this.beanName : BEAN_NAME) + "-");
        executor.setCorePoolSize(this.concurrency);
        executor.setMaxPoolSize(this.concurrency);
        executor.setKeepAliveSeconds(IDLE_THREAD_SECONDS);
        executor.setAllowCoreThreadTimeOut(true);
        executor.setDaemon(true);
        executor.initialize();
        return executor;
    }

    @Override
    public void destroy() throws Exception {
        super.destroy();
        if (this.ownExecutor instanceof DisposableBean bean) {
            bean.destroy();
        }
    }

    /**
     * Claims the channels of all listeners at once and waits for their confirmations.
     *
     * @throws org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException if a channel is refused; its
     *     cause is a {@link io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException}
     * @throws ShardSubscriptionTimeoutException if not all are confirmed within the
     *     {@link #setMaxSubscriptionRegistrationWaitingTime registration time} and {@link #setFailOnStartTimeout} is not switched off
     */
    @Override
    public void start() {
        this.lifecycle.lock();
        try {
            if (this.claims.isRunning()) {
                return;
            }
            Assert.state(this.delivery != null, "Call afterPropertiesSet() before start()");
            try {
                this.claims.start(getMaxSubscriptionRegistrationWaitingTime());
            } catch (ShardSubscriptionTimeoutException ex) {
                if (this.failOnStartTimeout) {
                    throw ex;
                }
                this.logger.warn(
                        ex.getMessage() + ". Starting all the same: they come as soon as the cluster serves them");
            }
            this.listening = true;
        } catch (RuntimeException | Error ex) {
            stop();
            throw ex;
        } finally {
            this.lifecycle.unlock();
        }
    }

    /**
     * Releases all channels. Waits, at most as long as the {@link #setMaxSubscriptionRegistrationWaitingTime registration time},
     * until the servers have ended the subscriptions and the messages received before are delivered; those that are not by then are
     * dropped and counted. The listeners stay registered for another start.
     */
    @Override
    public void stop() {
        this.lifecycle.lock();
        try {
            if (this.claims.isRunning()) {
                this.listening = false;
                awaitStopped(this.claims.stop());
            }
        } finally {
            this.lifecycle.unlock();
        }
    }

    private void awaitStopped(ListenerClaims.Stopped stopped) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(getMaxSubscriptionRegistrationWaitingTime());
        OrderedDelivery current = Objects.requireNonNull(this.delivery);
        try {
            stopped.released().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            current.awaitIdle(deadline - System.nanoTime());
        } catch (TimeoutException | ExecutionException ex) {
            this.logger.debug("The servers did not end all subscriptions in time", ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        stopped.routes().forEach(route -> current.discard(route.queue()));
    }

    @Override
    public void stop(Runnable callback) {
        try {
            stop();
        } finally {
            callback.run();
        }
    }

    @Override
    public boolean isRunning() {
        return this.claims.isRunning();
    }

    /**
     * Whether the container is started and has channels to listen to.
     */
    @Override
    public boolean isListening() {
        return this.listening && !this.claims.isEmpty();
    }

    /**
     * Replaces all listeners. While the container runs, channels that are wanted before and after lose no message, and the call
     * returns when the new ones are confirmed; if that fails, the new ones are gone again, and so are those that were to be
     * replaced. A stopped container stays stopped.
     *
     * @throws ShardChannelPatternException for a {@link PatternTopic}; nothing is changed
     * @see #addMessageListener(MessageListener, Collection)
     */
    @Override
    public void setMessageListeners(Map<? extends MessageListener, Collection<? extends Topic>> listeners) {
        Map<MessageListener, Set<ChannelName>> wanted = new LinkedHashMap<>();
        listeners.forEach((listener, topics) -> wanted.put(listener, channels(topics)));
        this.claims.replace(wanted, getMaxSubscriptionRegistrationWaitingTime());
    }

    /**
     * Adds a listener to channels. While the container runs, returns when all of them are confirmed; messages may come before.
     * Adding a listener again to a channel where it is does nothing.
     *
     * @throws ShardChannelPatternException for a {@link PatternTopic}
     * @throws org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException if a channel is refused; its
     *     cause is a {@link io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException}. The listener is added to none
     *     of the channels
     * @throws ShardSubscriptionTimeoutException if not all are confirmed within the
     *     {@link #setMaxSubscriptionRegistrationWaitingTime registration time}. The listener is added to none of the channels
     */
    @Override
    public void addMessageListener(MessageListener listener, Collection<? extends Topic> topics) {
        Assert.notNull(listener, "A valid listener is required");
        this.claims.add(listener, channels(topics), getMaxSubscriptionRegistrationWaitingTime());
    }

    /**
     * Removes a listener from channels, or from all with an empty collection. No call of the listener begins for them any more,
     * though one that has begun may still run. A channel without listeners is unsubscribed, which is not waited for.
     */
    @Override
    public void removeMessageListener(MessageListener listener, Collection<? extends Topic> topics) {
        Assert.notNull(listener, "MessageListener must not be null");
        Assert.notNull(topics, "Topics must not be null");
        if (topics.isEmpty()) {
            this.claims.removeAll(listener);
            return;
        }
        // Nobody can be registered for anything else than channels.
        this.claims.remove(
                listener,
                topics.stream()
                        .filter(ChannelTopic.class::isInstance)
                        .map(this::channel)
                        .toList());
    }

    private Set<ChannelName> channels(Collection<? extends Topic> topics) {
        Assert.notEmpty(topics, "At least one topic is required");
        Set<ChannelName> channels = new LinkedHashSet<>();
        topics.forEach(topic -> channels.add(channel(topic)));
        return channels;
    }

    private ChannelName channel(Topic topic) {
        if (topic instanceof PatternTopic) {
            throw new ShardChannelPatternException(topic.getTopic());
        }
        Assert.isInstanceOf(ChannelTopic.class, topic, "A shard channel is a ChannelTopic");
        byte[] name = this.topicSerializer.serialize(topic.getTopic());
        Assert.state(name != null, "The topic serializer returned null");
        return ChannelName.of(name);
    }

    /** Takes a message from the subscriptions, on an event loop. */
    private void receive(ChannelName channel, byte[] payload) {
        ChannelRoute route = this.claims.find(channel);
        OrderedDelivery current = this.delivery;
        if (route != null && current != null) {
            this.observers.received(channel);
            current.add(route.queue(), new QueuedMessage(payload, route.registrations()));
        }
    }

    private void execute(Runnable task) {
        Executor executor = this.taskExecutor;
        if (executor != null) {
            executor.execute(task);
        }
    }

    /**
     * Calls a listener, measures the call, and hands what it throws to {@link #handleListenerException}. On a thread of the task
     * executor.
     */
    @Override
    protected void processMessage(MessageListener listener, Message message, byte[] source) {
        long begin = System.nanoTime();
        DeliveryOutcome outcome = DeliveryOutcome.SUCCESS;
        try {
            listener.onMessage(message, source);
        } catch (Throwable ex) {
            outcome = DeliveryOutcome.ERROR;
            handleListenerException(ex);
        } finally {
            this.observers.delivered(ChannelName.of(source), outcome, Duration.ofNanos(System.nanoTime() - begin));
        }
    }

    /** The other end of the queues. */
    private final class Listeners implements OrderedDelivery.Destination {

        @Override
        public void deliver(ChannelQueue queue, QueuedMessage queued) {
            byte[] channel = queue.channel().toBytes();
            Message message = new DefaultMessage(channel, queued.payload());
            for (Registration registration : queued.registrations()) {
                if (!registration.isRemoved()) {
                    // The channel is the source, as in the superclass: adapters read it there.
                    processMessage(registration.listener(), message, channel.clone());
                }
            }
        }

        @Override
        public void dropped(ChannelQueue queue, long count) {
            ShardedRedisMessageListenerContainer.this.observers.dropped(queue.channel(), count);
        }
    }
}
