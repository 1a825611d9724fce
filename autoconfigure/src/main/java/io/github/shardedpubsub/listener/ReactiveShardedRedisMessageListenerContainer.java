package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.ReactiveSubscription;
import org.springframework.data.redis.connection.ReactiveSubscription.ChannelMessage;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.Topic;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.util.Assert;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The reactive twin of {@link ShardedRedisMessageListenerContainer}: shard channels as a {@link Flux}, used as Spring Data's
 * {@code ReactiveRedisMessageListenerContainer} is.
 *
 * <ul>
 *   <li>Channels are subscribed when somebody subscribes to the {@link Flux}, and unsubscribed when nobody does any more: all that
 *       want a channel share one subscription at the server. A lost connection or a moved slot ends nothing; {@link #events} tells of
 *       it.
 *   <li>For each subscriber and channel there is a {@linkplain #setQueueCapacity bounded} queue, from which it gets as much as it has
 *       requested. What is done when that is full is its {@link OverflowPolicy}; one that drops holds up nobody else.
 *   <li>The messages of a channel come in the order sent, and signals on the {@link #setTaskExecutor task executor}, never on an event
 *       loop. Subscribing, requesting and cancelling wait for nothing.
 *   <li>A channel that is refused is a {@link io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException}, and ends the
 *       {@link Flux}; so does a history that may not be read ({@link io.github.shardedpubsub.recovery.ShardHistoryRefusedException}), and a
 *       payload that cannot be read.
 *   <li>{@link #stop()} completes every {@link Flux}. Who subscribes before the container starts has messages from then on.
 * </ul>
 *
 * <p>Safe for use by any thread.
 */
public class ReactiveShardedRedisMessageListenerContainer
        implements ShardMessageDelivery, SmartLifecycle, DisposableBean {

    private static final Log logger = LogFactory.getLog(ReactiveShardedRedisMessageListenerContainer.class);

    private static final String THREADS = "reactive-sharded-redis-";

    /** How many events wait for a subscriber at most. */
    private static final int EVENTS = 1000;

    private static final SerializationPair<String> STRINGS = SerializationPair.fromSerializer(RedisSerializer.string());

    private final DeliveryObservers observers = new DeliveryObservers();

    private final ListenerCalls calls =
            new ListenerCalls(this.observers, (listener, message, channel) -> listener.onMessage(message, channel));

    private final DeliveryLanes lanes;

    private final ListenerClaims claims;

    private final ShardEventStream events = new ShardEventStream();

    /** Adds and removes one after the other, so that who subscribes or cancels waits for no lock. */
    private final Executor changes;

    private final Scheduler scheduler = Schedulers.fromExecutor(this::execute);

    /** Held during starting and stopping with all their waiting, so that they do not overlap. */
    private final ReentrantLock lifecycle = new ReentrantLock();

    private volatile Executor taskExecutor = DeliveryLanes.threads(THREADS);

    private volatile boolean destroyed;

    private long shutdownTimeout = ShardedRedisMessageListenerContainer.DEFAULT_SHUTDOWN_TIMEOUT;

    private boolean autoStartup = true;

    /**
     * Creates a container that is stopped.
     *
     * @param subscriptions where channels are claimed; they have to be closed after the container is stopped
     */
    public ReactiveShardedRedisMessageListenerContainer(ShardSubscriptions subscriptions) {
        Assert.notNull(subscriptions, "ShardSubscriptions must not be null");
        this.lanes = new DeliveryLanes(this::execute, this.calls);
        this.changes = new SerialExecutor(this.lanes.executor());
        this.claims = new ListenerClaims(subscriptions, this.lanes, this.observers, this.lanes.executor());
        this.observers.add(this.events);
        subscriptions.addObserver(this.events);
    }

    /**
     * Sets where signals come; by default on threads of the container's own that end when idle. To be set before anybody subscribes. A
     * {@code Scheduler} is one by {@code scheduler::schedule}.
     */
    public void setTaskExecutor(Executor taskExecutor) {
        Assert.notNull(taskExecutor, "TaskExecutor must not be null");
        this.taskExecutor = taskExecutor;
    }

    /**
     * Sets how many subscribers are given messages at the same time; by default the number of processors, and at least 4. To be set
     * before anybody subscribes.
     */
    public void setConcurrency(int concurrency) {
        Assert.isTrue(concurrency > 0, "Concurrency must be positive");
        this.lanes.concurrency(concurrency);
    }

    /**
     * Sets how many messages of one channel can wait for a subscriber;
     * {@value ShardedRedisMessageListenerContainer#DEFAULT_QUEUE_CAPACITY} by default. To be set before anybody subscribes.
     */
    public void setQueueCapacity(int queueCapacity) {
        Assert.isTrue(queueCapacity > 0, "Queue capacity must be positive");
        this.lanes.queueCapacity(queueCapacity);
    }

    /**
     * Sets what is done when a queue is full; by default the oldest message is dropped. To be set before anybody subscribes.
     */
    public void setOverflowPolicy(OverflowPolicy overflowPolicy) {
        Assert.notNull(overflowPolicy, "OverflowPolicy must not be null");
        this.lanes.overflow(overflowPolicy);
    }

    /**
     * Sets from where subscribers get what they did not get live, on the channels that have a history; by default none has.
     *
     * @see ShardedRedisMessageListenerContainer#setRecovery
     */
    public void setRecovery(@Nullable ShardRecovery recovery) {
        this.lanes.recovery(recovery);
    }

    /**
     * Sets what is around each message that is given to a subscriber, until {@code onNext} returns; by default nothing.
     */
    public void setDeliveryInterceptor(@Nullable DeliveryInterceptor deliveryInterceptor) {
        this.calls.interceptor(deliveryInterceptor);
    }

    /**
     * Sets how long stopping waits for subscribers to have taken what they have requested, in milliseconds; 10 seconds by default.
     */
    public void setShutdownTimeout(long shutdownTimeout) {
        Assert.isTrue(shutdownTimeout >= 0, "Shutdown timeout must not be negative");
        this.shutdownTimeout = shutdownTimeout;
    }

    /**
     * Sets whether the container starts with the application context, which is the default.
     */
    public void setAutoStartup(boolean autoStartup) {
        this.autoStartup = autoStartup;
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

    /**
     * The messages of channels, read as text.
     *
     * @see #receive(Iterable, SerializationPair, SerializationPair, ListenerOptions)
     */
    public Flux<ReactiveSubscription.Message<String, String>> receive(ChannelTopic... topics) {
        return receive(Arrays.asList(topics), STRINGS, STRINGS);
    }

    /**
     * The messages of channels.
     *
     * @see #receive(Iterable, SerializationPair, SerializationPair, ListenerOptions)
     */
    public <C, B> Flux<ReactiveSubscription.Message<C, B>> receive(
            Iterable<? extends Topic> topics, SerializationPair<C> channel, SerializationPair<B> body) {
        return receive(topics, channel, body, ListenerOptions.DEFAULTS);
    }

    /**
     * The messages of channels. Each subscriber has queues of its own and gets what is published from the confirmation of each channel
     * on, or what its {@linkplain ListenerOptions#start() start} says, without an end but for {@link #stop()}; cancelling ends the
     * subscriptions, unless others want the channels.
     *
     * @param topics the channels, at least one
     * @param channel reads their names
     * @param body reads payloads
     * @param options anything but a concurrency and an error handler. One that starts where it was is for one subscriber at a time, and has
     *     taken a message when {@code onNext} has returned
     * @throws ShardChannelPatternException for a pattern
     */
    public <C, B> Flux<ReactiveSubscription.Message<C, B>> receive(
            Iterable<? extends Topic> topics,
            SerializationPair<C> channel,
            SerializationPair<B> body,
            ListenerOptions options) {
        Set<ChannelName> channels = channels(topics, options);
        return Flux.defer(() -> open(channels, options).messages()).map(message -> read(message, channel, body));
    }

    /**
     * The messages of channels, read as text, as soon as all channels are confirmed.
     *
     * @see #receiveLater(Iterable, SerializationPair, SerializationPair, ListenerOptions)
     */
    public Mono<Flux<ReactiveSubscription.Message<String, String>>> receiveLater(ChannelTopic... topics) {
        return receiveLater(Arrays.asList(topics), STRINGS, STRINGS);
    }

    /**
     * The messages of channels, as soon as all channels are confirmed.
     *
     * @see #receiveLater(Iterable, SerializationPair, SerializationPair, ListenerOptions)
     */
    public <C, B> Mono<Flux<ReactiveSubscription.Message<C, B>>> receiveLater(
            Iterable<? extends Topic> topics, SerializationPair<C> channel, SerializationPair<B> body) {
        return receiveLater(topics, channel, body, ListenerOptions.DEFAULTS);
    }

    /**
     * Subscribes to channels, and gives their messages as soon as all of them are confirmed. There is no time limit in it:
     * {@link Mono#timeout} sets one, and cancelling gives the channels up. What comes before the {@link Flux} is subscribed to waits in
     * the queues. It is for one subscriber, and has to have one: its cancelling ends the subscriptions.
     *
     * @see #receive(Iterable, SerializationPair, SerializationPair, ListenerOptions)
     */
    public <C, B> Mono<Flux<ReactiveSubscription.Message<C, B>>> receiveLater(
            Iterable<? extends Topic> topics,
            SerializationPair<C> channel,
            SerializationPair<B> body,
            ListenerOptions options) {
        Set<ChannelName> channels = channels(topics, options);
        return Mono.<Flux<Message>>create(sink -> {
                    ShardMessageStream stream = open(channels, options);
                    sink.onCancel(stream::end);
                    var unused = stream.confirmed().whenComplete((messages, refusal) -> {
                        if (refusal != null) {
                            sink.error(refusal);
                        } else {
                            sink.success(messages);
                        }
                    });
                })
                .map(messages -> messages.map(message -> read(message, channel, body)));
    }

    /**
     * What happens to channels, whoever wants them, from now on: the interruptions above all, and the ends of these, when the application
     * may fetch what it missed. Subscribes to nothing at the server. Whoever falls {@value #EVENTS} events behind gets an error, so that
     * nothing is missed unknowingly.
     *
     * @return the events that are published in the application, too
     * @see ShardInterruptedEvent
     * @see ShardRestoredEvent
     * @see ShardEventPublisher
     */
    public Flux<ShardChannelEvent> events(ChannelTopic... topics) {
        Set<String> channels = channels(Arrays.asList(topics), ListenerOptions.DEFAULTS).stream()
                .map(ChannelName::toString)
                .collect(Collectors.toSet());
        return this.events
                .events()
                .filter(event -> channels.contains(event.channel()))
                .onBackpressureBuffer(EVENTS)
                .publishOn(this.scheduler, 1);
    }

    private static Set<ChannelName> channels(Iterable<? extends Topic> topics, ListenerOptions options) {
        Set<ChannelName> channels = ShardChannels.of(topics, RedisSerializer.string());
        Assert.notEmpty(channels, "At least one topic is required");
        Assert.isTrue(
                options.concurrency() == null && options.errorHandler() == null,
                "A Flux has no concurrency and no error handler of its own: what comes of a message, and where, its operators say");
        return channels;
    }

    private static <C, B> ReactiveSubscription.Message<C, B> read(
            Message message, SerializationPair<C> channel, SerializationPair<B> body) {
        C name = read(message.getChannel(), channel);
        B payload = read(message.getBody(), body);
        return message instanceof RecoverableMessage recoverable
                ? new RecoverableChannelMessage<>(name, payload, recoverable)
                : new ChannelMessage<>(name, payload);
    }

    private static <T> T read(byte[] bytes, SerializationPair<T> pair) {
        T read = pair.read(ByteBuffer.wrap(bytes));
        Assert.state(read != null, () -> "A message cannot be null, but " + pair.getReader() + " has read it as that");
        return read;
    }

    private ShardMessageStream open(Set<ChannelName> channels, ListenerOptions options) {
        Assert.state(!this.destroyed, "The reactive sharded listener container is destroyed: nothing can be received");
        ShardMessageStream stream = new ShardMessageStream(channels);
        this.changes.execute(() -> add(stream, options));
        var unused = stream.ended()
                .whenComplete((end, failure) -> this.changes.execute(() -> this.claims.removeAll(stream)));
        return stream;
    }

    private void add(ShardMessageStream stream, ListenerOptions options) {
        if (stream.ended().isDone()) {
            return;
        }
        try {
            stream.registered(this.claims.add(stream, stream.channels(), options));
        } catch (RuntimeException ex) {
            this.lanes.executor().execute(() -> stream.onChannelRefused(ex));
        }
    }

    private void execute(Runnable task) {
        this.taskExecutor.execute(task);
    }

    /**
     * Claims the channels of those who have subscribed already, and waits for nothing.
     */
    @Override
    public void start() {
        this.lifecycle.lock();
        try {
            Assert.state(!this.destroyed, "The reactive sharded listener container is destroyed");
            if (!this.claims.isRunning()) {
                this.claims.start();
            }
        } finally {
            this.lifecycle.unlock();
        }
    }

    /**
     * Releases all channels, gives subscribers what was received before and they have requested, at most for the
     * {@link #setShutdownTimeout shutdown timeout}, drops and counts what is left, and completes every {@link Flux}. A {@link Mono} of
     * {@code receiveLater} that waits for confirmations completes empty. It can be started again.
     */
    @Override
    public void stop() {
        this.lifecycle.lock();
        try {
            if (!this.claims.isRunning()) {
                return;
            }
            ListenerClaims.Stopped stopped = this.claims.stop();
            if (!this.lanes.isWorking()) {
                // Until then event loops may bring what was sent before.
                stopped.awaitReleased(ShardedRedisMessageListenerContainer.DEFAULT_SUBSCRIPTION_TIMEOUT);
            }
            stopped.registrations().forEach(Registration::close);
            if (!this.lanes.drain(stopped.registrations(), this.shutdownTimeout)) {
                logger.warn("Subscribers of shard channels have not taken all messages they had requested within "
                        + this.shutdownTimeout + " ms; the rest is dropped");
            }
            end(stopped.registrations());
            this.events.end();
            this.lanes.savePositions(this.shutdownTimeout);
        } finally {
            this.lifecycle.unlock();
        }
    }

    private static void end(List<Registration> registrations) {
        for (Registration registration : registrations) {
            registration.discard();
            if (registration.listener().listener() instanceof ShardMessageStream stream) {
                stream.end();
            }
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
        new Thread(stopping, THREADS + "stop").start();
    }

    @Override
    public boolean isRunning() {
        return this.claims.isRunning();
    }

    @Override
    public boolean isAutoStartup() {
        return this.autoStartup;
    }

    /**
     * Stops for good. Who subscribes from now on gets an {@link IllegalStateException}.
     */
    @Override
    public void destroy() {
        this.destroyed = true;
        stop();
        // those who have subscribed while it was stopped, the last of whom may not have been added yet
        this.changes.execute(() -> {
            end(this.claims.registrations());
            this.lanes.close();
        });
    }
}
