package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.TaskExecutor;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.SubscriptionListener;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.listener.Topic;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.util.Assert;
import org.springframework.util.ErrorHandler;

/**
 * Spring Data's message listener container for shard channels: {@code SSUBSCRIBE} at the node that serves the channel's slot, and
 * again wherever the slot goes. It is used like its superclass, with these differences:
 *
 * <ul>
 *   <li>Topics are exact channels. A {@link PatternTopic} is refused, since sharded pub/sub has no patterns.
 *   <li>The messages of a channel reach a listener in the order sent, one after the other; different channels and different
 *       listeners are served side by side, by at most {@link #setConcurrency so many} threads of the {@link #setTaskExecutor task
 *       executor}. Messages wait in a {@linkplain #setQueueCapacity bounded} queue for each channel and listener.
 *   <li>{@link #addMessageListener(MessageListener, Collection) Adding} a listener to a running container, and {@link #start()},
 *       return when all channels are confirmed, or throw with the reason and leave nothing behind.
 *   <li>A lost connection is no error: the {@link ShardSubscriptions} work on it for ever, and say how it stands.
 *       {@code setRecoveryInterval}, {@code setRecoveryBackoff} and {@code setSubscriptionExecutor} have no effect.
 *   <li>A {@link SubscriptionListener} is told of a channel's first confirmation and of its end; not of the slot's moves between.
 * </ul>
 *
 * <p>Safe for use by several threads once {@link #afterPropertiesSet()} was called. What a listener throws goes to the
 * {@link #setErrorHandler error handler}, is counted, and ends nothing.
 */
public class ShardedRedisMessageListenerContainer extends RedisMessageListenerContainer
        implements ShardMessageDelivery {

    /** The name of the container's bean, as {@link ShardedRedisListener} refers to it. */
    public static final String BEAN_NAME = "shardedRedisMessageListenerContainer";

    /** How long adding and starting wait for confirmations: 10 s, in milliseconds. */
    public static final long DEFAULT_SUBSCRIPTION_TIMEOUT = 10_000;

    /** How many messages of a channel wait for a listener at most: 10000. */
    public static final int DEFAULT_QUEUE_CAPACITY = 10_000;

    /** How long stopping waits for listeners: 10 s, in milliseconds. */
    public static final long DEFAULT_SHUTDOWN_TIMEOUT = 10_000;

    private final DeliveryObservers observers = new DeliveryObservers();

    private final ListenerCalls calls = new ListenerCalls(this.observers, this::processMessage);

    private final DeliveryLanes lanes;

    private final ListenerClaims claims;

    /** Held during starting and stopping with all their waiting, so that they do not overlap. */
    private final ReentrantLock lifecycle = new ReentrantLock();

    private volatile boolean listening;

    private final AtomicBoolean warnedOfBlocking = new AtomicBoolean();

    private RedisSerializer<String> topicSerializer = RedisSerializer.string();

    private @Nullable String beanName;

    private @Nullable Executor taskExecutor;

    private @Nullable TaskExecutor ownExecutor;

    private long shutdownTimeout = DEFAULT_SHUTDOWN_TIMEOUT;

    private boolean failOnStartTimeout = true;

    /**
     * Creates a container; it needs a {@link #setConnectionFactory connection factory} besides, as its superclass does.
     *
     * @param subscriptions where channels are claimed; they have to be closed after the container is stopped
     */
    public ShardedRedisMessageListenerContainer(ShardSubscriptions subscriptions) {
        Assert.notNull(subscriptions, "ShardSubscriptions must not be null");
        this.lanes = new DeliveryLanes(this::execute, this.calls);
        this.claims = new ListenerClaims(
                subscriptions, this.lanes, this.observers, new SerialExecutor(this.lanes.executor()));
        setMaxSubscriptionRegistrationWaitingTime(DEFAULT_SUBSCRIPTION_TIMEOUT);
    }

    /**
     * Sets how many calls of listeners run at the same time; by default the number of processors, and at least 4. One of them is
     * left to the others where a slow listener has many channels, so that it should be 2 at least. Listeners with a
     * {@linkplain ListenerOptions#concurrency() concurrency of their own} do not count. To be set before listeners are added.
     */
    public void setConcurrency(int concurrency) {
        Assert.isTrue(concurrency > 0, "Concurrency must be positive");
        this.lanes.concurrency(concurrency);
    }

    /**
     * Sets how many messages of one channel can wait for a listener; {@value #DEFAULT_QUEUE_CAPACITY} by default. To be set before
     * listeners are added.
     */
    public void setQueueCapacity(int queueCapacity) {
        Assert.isTrue(queueCapacity > 0, "Queue capacity must be positive");
        this.lanes.queueCapacity(queueCapacity);
    }

    /**
     * Sets what is done when a queue is full; by default the oldest message is dropped. To be set before listeners are added.
     */
    public void setOverflowPolicy(OverflowPolicy overflowPolicy) {
        Assert.notNull(overflowPolicy, "OverflowPolicy must not be null");
        this.lanes.overflow(overflowPolicy);
    }

    /**
     * Sets from where listeners get what they did not get live, on the channels that have a history; by default none has. There the
     * overflow policy has no meaning: what finds no room in a queue is read when there is room. To be set before listeners are added.
     */
    public void setRecovery(@Nullable ShardRecovery recovery) {
        this.lanes.recovery(recovery);
    }

    /**
     * Sets how long stopping waits for listeners to have taken what was received, in milliseconds; 10 seconds by default. What they
     * have not taken by then is dropped and counted.
     */
    public void setShutdownTimeout(long shutdownTimeout) {
        Assert.isTrue(shutdownTimeout >= 0, "Shutdown timeout must not be negative");
        this.shutdownTimeout = shutdownTimeout;
    }

    /**
     * Sets what is given the exceptions of listeners that have no error handler of their own. Without one they are logged. It is
     * called on the listener's thread, with the next message waiting.
     */
    @Override
    public void setErrorHandler(ErrorHandler errorHandler) {
        super.setErrorHandler(errorHandler);
        this.calls.errorHandler(errorHandler);
    }

    /**
     * Sets what is around each call of a listener and its error handler; by default nothing.
     */
    public void setDeliveryInterceptor(@Nullable DeliveryInterceptor deliveryInterceptor) {
        this.calls.interceptor(deliveryInterceptor);
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

    @Override
    public void addDeliveryObserver(DeliveryObserver observer) {
        this.observers.add(observer);
    }

    @Override
    public int queueSize() {
        return this.claims.queueSize();
    }

    @Override
    public int queueCapacity() {
        return this.claims.queueCapacity();
    }

    @Override
    public void afterPropertiesSet() {
        if (this.taskExecutor == null) {
            this.ownExecutor = createDefaultTaskExecutor();
            setTaskExecutor(this.ownExecutor);
        }
        super.afterPropertiesSet();
    }

    /**
     * Creates the executor that is used if none is set: threads that end when idle. How many there are is decided by concurrency.
     */
    @Override
    protected TaskExecutor createDefaultTaskExecutor() {
        return DeliveryLanes.threads((this.beanName != null ? this.beanName : BEAN_NAME) + "-");
    }

    @Override
    public void destroy() throws Exception {
        super.destroy();
        this.lanes.close();
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
            Assert.state(this.taskExecutor != null, "Call afterPropertiesSet() before start()");
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
     * Releases all channels, and waits until the servers have ended the subscriptions, at most for the
     * {@link #setMaxSubscriptionRegistrationWaitingTime registration time}; and then, at most as long as the
     * {@link #setShutdownTimeout shutdown timeout}, until the messages received before are delivered. Those that are not by then, and
     * those of paused listeners, are dropped and counted. No call begins after it has returned. The listeners stay registered for
     * another start. Called by a listener it does not wait.
     */
    @Override
    public void stop() {
        if (this.lanes.isWorking()) {
            // Whoever starts or stops it now may be waiting for this very call.
            this.claims.stop().registrations().forEach(Registration::discard);
            return;
        }
        this.lifecycle.lock();
        try {
            this.listening = false;
            ListenerClaims.Stopped stopped = this.claims.stop();
            // Until then event loops may bring what was sent before.
            stopped.awaitReleased(getMaxSubscriptionRegistrationWaitingTime());
            stopped.registrations().forEach(Registration::close);
            drain(stopped.registrations());
            stopped.registrations().forEach(Registration::discard);
            this.lanes.savePositions(this.shutdownTimeout);
        } finally {
            this.lifecycle.unlock();
        }
    }

    /** Waits until nothing is queued and no call runs, or the time is up. */
    private void drain(List<Registration> registrations) {
        if (!this.lanes.drain(registrations, this.shutdownTimeout)) {
            this.logger.warn("Listeners of shard channels have not taken all messages within " + this.shutdownTimeout
                    + " ms; the rest is dropped");
        }
    }

    /**
     * Stops on a thread of its own, so that the application context stops what else is in this phase meanwhile.
     */
    @Override
    public void stop(Runnable callback) {
        Runnable stopping = () -> {
            try {
                stop();
            } finally {
                callback.run();
            }
        };
        new Thread(stopping, (this.beanName != null ? this.beanName : BEAN_NAME) + "-stop").start();
    }

    /**
     * Lets no call of any listener begin until {@link #resume()}. The subscriptions stay, and messages wait in their queues as long as
     * these have room. A call that has begun goes on.
     */
    public void pause() {
        this.lanes.pause(true);
    }

    /**
     * Goes on after {@link #pause()}; listeners that are {@linkplain #pause(MessageListener) paused themselves} stay so.
     */
    public void resume() {
        this.lanes.pause(false);
        this.claims.registrations().forEach(Registration::resume);
    }

    /**
     * Whether all listeners are paused together.
     */
    public boolean isPaused() {
        return this.lanes.isPaused();
    }

    /**
     * Lets no call of the listener begin until {@link #resume(MessageListener)}, or until it is removed; its other channels and other
     * listeners are not concerned. Messages wait in its queues as long as these have room; where these {@link OverflowPolicy#BLOCK
     * block}, all channels of the node wait with it then.
     *
     * @throws IllegalArgumentException if it is not registered
     */
    public void pause(MessageListener listener) {
        RegisteredListener registered = this.claims.registered(listener);
        registered.pause(true);
        boolean blocks = this.claims.registrations(listener).stream()
                .anyMatch(each -> !each.isRecovering() && each.queue().overflow() == OverflowPolicy.BLOCK);
        if (blocks && this.warnedOfBlocking.compareAndSet(false, true)) {
            this.logger.warn(
                    registered + " is paused, and its queues block when they are full: then its nodes' connections are"
                            + " read no further until it is resumed, and every channel of these nodes waits. Let it drop messages, or"
                            + " stop it, if that is not meant");
        }
    }

    /**
     * Goes on after {@link #pause(MessageListener)}.
     *
     * @throws IllegalArgumentException if it is not registered
     */
    public void resume(MessageListener listener) {
        this.claims.registered(listener).pause(false);
        this.claims.registrations(listener).forEach(Registration::resume);
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
        return this.listening && this.claims.isRunning() && !this.claims.isEmpty();
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
        this.claims.add(listener, channels(topics), null, getMaxSubscriptionRegistrationWaitingTime());
    }

    /**
     * Adds a listener with options of its own.
     *
     * @throws IllegalArgumentException if the listener is there with other options
     * @see #addMessageListener(MessageListener, Collection)
     */
    public void addMessageListener(
            MessageListener listener, Collection<? extends Topic> topics, ListenerOptions options) {
        Assert.notNull(listener, "A valid listener is required");
        Assert.notNull(options, "ListenerOptions must not be null");
        this.claims.add(listener, channels(topics), options, getMaxSubscriptionRegistrationWaitingTime());
    }

    /**
     * Removes a listener from all its channels when it has taken what was received for it, which is waited for as in {@link #stop()}.
     * What comes meanwhile is dropped and counted. It stays where it is added again before that.
     */
    public void drainAndRemoveMessageListener(MessageListener listener) {
        Assert.notNull(listener, "MessageListener must not be null");
        List<Registration> leaving = this.claims.leave(listener);
        if (this.claims.isRunning()) {
            drain(leaving);
        }
        this.claims.removeLeaving(leaving);
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
                        .map(topic -> ShardChannels.of(topic, this.topicSerializer))
                        .toList());
    }

    private Set<ChannelName> channels(Collection<? extends Topic> topics) {
        Assert.notEmpty(topics, "At least one topic is required");
        return ShardChannels.of(topics, this.topicSerializer);
    }

    private void execute(Runnable task) {
        Executor executor = this.taskExecutor;
        if (executor != null) {
            executor.execute(task);
        }
    }

    /**
     * Calls a listener on a thread of the task executor. What it throws is handled and counted by the caller.
     */
    @Override
    protected void processMessage(MessageListener listener, Message message, byte[] source) {
        listener.onMessage(message, source);
    }
}
