package io.github.shardedpubsub.listener;

import java.util.Collection;
import java.util.List;
import org.springframework.context.Lifecycle;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.listener.Topic;
import org.springframework.util.Assert;

/**
 * A listener on its channels that can be started, stopped and paused by itself. Safe for use by any thread.
 *
 * @see ShardedRedisListenerRegistry
 */
public final class ShardedListenerEndpoint implements Lifecycle {

    /** What an id begins with that nobody has chosen; there can be any number of these. */
    static final String GENERATED_ID = ShardedListenerEndpoint.class.getName() + "#";

    private final String id;

    private final ShardedRedisMessageListenerContainer container;

    private final MessageListener listener;

    private final List<Topic> topics;

    private final ListenerOptions options;

    private volatile boolean running;

    private volatile boolean paused;

    /**
     * Creates an endpoint that is stopped.
     *
     * @param id under which it is found, not empty
     * @param topics the channels, at least one
     * @param options where they have no {@linkplain ListenerOptions#name() name}, it is the id
     */
    public ShardedListenerEndpoint(
            String id,
            ShardedRedisMessageListenerContainer container,
            MessageListener listener,
            Collection<? extends Topic> topics,
            ListenerOptions options) {
        Assert.hasText(id, "The id must not be empty");
        Assert.notEmpty(topics, "At least one topic is required");
        this.id = id;
        this.container = container;
        this.listener = listener;
        this.topics = List.copyOf(topics);
        this.options = options.name() == null && !id.startsWith(GENERATED_ID) ? options.withName(id) : options;
    }

    /**
     * Under which the registry finds it.
     */
    public String getId() {
        return this.id;
    }

    /**
     * The names of the channels.
     */
    public List<String> getChannels() {
        return this.topics.stream().map(Topic::getTopic).toList();
    }

    /**
     * Adds the listener to its container, and waits there for the confirmations if the container runs. Otherwise it starts with the
     * container.
     *
     * @see ShardedRedisMessageListenerContainer#addMessageListener(MessageListener, Collection, ListenerOptions)
     */
    @Override
    public synchronized void start() {
        if (!this.running) {
            this.container.addMessageListener(this.listener, this.topics, this.options);
            this.running = true;
        }
    }

    /**
     * Removes the listener when it has taken what was received for it, which is waited for at most as long as the container's shutdown
     * timeout. The subscriptions end, but for channels that others listen to. A stopped listener is not paused any more.
     */
    @Override
    public void stop() {
        synchronized (this) {
            if (!this.running) {
                return;
            }
            this.running = false;
            this.paused = false;
        }
        // Not under the monitor: what is waited for may ask for the state meanwhile, or start it again.
        this.container.drainAndRemoveMessageListener(this.listener);
    }

    /**
     * Whether it has been started, whether or not its container runs.
     */
    @Override
    public boolean isRunning() {
        return this.running;
    }

    /**
     * Lets no call begin until {@link #resume()} or {@link #stop()}; the subscriptions stay, and messages wait as long as there is
     * room.
     *
     * @throws IllegalStateException if it is stopped
     */
    public synchronized void pause() {
        Assert.state(this.running, () -> "The listener '" + this.id + "' is stopped: there is nothing to pause");
        this.container.pause(this.listener);
        this.paused = true;
    }

    /**
     * Goes on after {@link #pause()}, with what waits first. Does nothing where it is not paused.
     */
    public synchronized void resume() {
        if (this.paused) {
            this.paused = false;
            this.container.resume(this.listener);
        }
    }

    /**
     * Whether it is paused by itself; its container may be paused as a whole.
     */
    public boolean isPaused() {
        return this.paused;
    }

    @Override
    public String toString() {
        return "ShardedListenerEndpoint '" + this.id + "' on " + getChannels();
    }
}
