package io.github.shardedpubsub.publisher;

import io.github.shardedpubsub.recovery.ShardHistory;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.connection.lettuce.LettuceExceptionConverter;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.util.Assert;
import reactor.util.context.ContextView;

/**
 * Publishes to shard channels: {@code SPUBLISH} at the node that serves the channel's slot. One connection to each node is opened with
 * the first message for it and shared by all. Safe for use by any thread.
 *
 * <p>A payload is a {@link String}, sent as UTF-8; a {@code byte[]}, sent as it is; or any other object, written by the object
 * serializer.
 *
 * <p>What no node has taken is offered again, for as long as the {@linkplain PublisherSettings settings} say: after a redirect, after
 * {@code CLUSTERDOWN}, {@code TRYAGAIN} or {@code LOADING}, or where there was no connection to send it on. Nothing is ever sent
 * twice that may have been published: when a connection is lost before the answer, that is a
 * {@link org.springframework.data.redis.RedisConnectionFailureException}, and when no answer comes in time, a
 * {@link org.springframework.dao.QueryTimeoutException}.
 *
 * <p>What one thread publishes to one channel is sent in that order, also while the connection is being opened. Only a message that is
 * offered again can be passed by others.
 *
 * <p>A channel is an exact name: {@code *} and its like are letters as others are.
 *
 * <p>The result is the number of subscribers that <em>the node that served the message</em> has for the channel. At a replica that
 * are not all of the shard, and 0 is no proof that nobody got it.
 */
public final class ShardedPublisher implements AutoCloseable {

    private static final long CLOSE_SECONDS = 2;

    private static final LettuceExceptionConverter exceptions = new LettuceExceptionConverter();

    private final Supplier<RedisClusterClient> clients;

    private final @Nullable RedisSerializer<Object> objectSerializer;

    private final PublisherSettings settings;

    private final PublishObservers observers = new PublishObservers();

    private volatile @Nullable PublishInterceptor interceptor;

    private volatile @Nullable ShardHistory history;

    /** Guarded by this. */
    private @Nullable Opened opened;

    private volatile boolean closed;

    /**
     * A connection, standing or being opened.
     *
     * @param last completed when everything that came before has been handed to the connection
     */
    private record Opened(RedisClusterClient client, CompletableFuture<PublishingConnection> last) {

        boolean usableFor(RedisClusterClient current) {
            return this.client == current && !this.last.isCompletedExceptionally();
        }
    }

    /**
     * Creates a publisher with default settings.
     *
     * @see #ShardedPublisher(Supplier, RedisSerializer, PublisherSettings)
     */
    public ShardedPublisher(Supplier<RedisClusterClient> clients, @Nullable RedisSerializer<Object> objectSerializer) {
        this(clients, objectSerializer, PublisherSettings.DEFAULTS);
    }

    /**
     * Creates a publisher; nothing is connected yet.
     *
     * @param clients gives the application's client each time; when it gives another one than before, because the connection
     *     factory was restarted, a new connection is opened. The client is never closed from here
     * @param objectSerializer writes payloads that are neither {@code String} nor {@code byte[]}; without one they are refused
     */
    public ShardedPublisher(
            Supplier<RedisClusterClient> clients,
            @Nullable RedisSerializer<Object> objectSerializer,
            PublisherSettings settings) {
        Assert.notNull(clients, "Supplier of the client must not be null");
        this.clients = clients;
        this.objectSerializer = objectSerializer;
        this.settings = settings;
    }

    /**
     * Registers an observer for every message from now on.
     */
    public void addObserver(PublishObserver observer) {
        this.observers.add(observer);
    }

    /**
     * Sets what is around each message; by default nothing.
     */
    public void setInterceptor(@Nullable PublishInterceptor interceptor) {
        this.interceptor = interceptor;
    }

    /**
     * Sets which channels have a history, in which their messages are kept as they are published; by default none has, and no single
     * message can be kept either.
     */
    public void setHistory(@Nullable ShardHistory history) {
        this.history = history;
    }

    boolean isIntercepted() {
        return this.interceptor != null;
    }

    /**
     * Publishes a message and waits for the server's answer, at most for the client's connect and command timeouts and the time for
     * retries. Not to be called on an event loop of Lettuce.
     *
     * @return the number of subscribers at the node that served it
     * @throws DataAccessException if it cannot be connected, the server refuses it, or no answer comes
     * @throws IllegalArgumentException for an object that nothing can write
     */
    public long publish(String channel, Object payload) {
        return publish(new ShardMessage(channel, payload));
    }

    /**
     * Publishes a message, as {@link #publish(String, Object)} does.
     */
    public long publish(ShardMessage message) {
        Publication publication = publication(message);
        send(List.of(publication), null);
        return await(publication);
    }

    /**
     * Publishes a message, as {@link #publish(String, Object)} does, under the name that {@code RedisTemplate} has for it.
     */
    public long convertAndSend(String channel, Object message) {
        return publish(channel, message);
    }

    /**
     * Publishes many messages and waits for all answers. They are sent together, with one write for each node, and in their order for
     * each channel; not in one transaction: some may be published and others not.
     *
     * @return for each message, in their order, the number of subscribers at the node that served it
     * @throws DataAccessException the first failure, once all are answered; with {@link #publishAllAsync} you see which they are
     * @throws IllegalArgumentException for an object that nothing can write; nothing is sent then
     * @see #publish(ShardMessage)
     */
    public List<Long> publishAll(Collection<ShardMessage> messages) {
        List<Publication> publications = publications(messages);
        send(publications, null);
        List<Long> receivers = new ArrayList<>(publications.size());
        DataAccessException failure = null;
        for (Publication publication : publications) {
            try {
                receivers.add(await(publication));
            } catch (DataAccessException ex) {
                failure = (failure != null) ? failure : ex;
            }
        }
        if (failure != null) {
            throw failure;
        }
        return receivers;
    }

    private long await(Publication publication) {
        try {
            return publication.answer().get();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            publication.answer().cancel(false);
            throw new RedisSystemException(
                    "Interrupted while publishing to the shard channel '" + publication.channel() + "'", ex);
        } catch (ExecutionException ex) {
            throw translate(publication.channel(), ex);
        }
    }

    /**
     * Publishes a message. An array must not be changed until the future is completed.
     *
     * @return completed with the number of subscribers at the node that served it, or with a {@link DataAccessException}; on an event
     *     loop, which must not be blocked. Cancelled, the message is not offered again; what is sent stays sent
     * @throws IllegalArgumentException for an object that nothing can write
     */
    public CompletableFuture<Long> publishAsync(String channel, Object payload) {
        return publishAsync(new ShardMessage(channel, payload));
    }

    /**
     * Publishes a message, as {@link #publishAsync(String, Object)} does.
     */
    public CompletableFuture<Long> publishAsync(ShardMessage message) {
        return publishAsync(message, null);
    }

    CompletableFuture<Long> publishAsync(ShardMessage message, @Nullable ContextView caller) {
        Publication publication = publication(message);
        send(List.of(publication), caller);
        return translated(publication);
    }

    /**
     * Publishes many messages, as {@link #publishAll} does, without waiting.
     *
     * @return for each message, in their order, what {@link #publishAsync(ShardMessage)} returns
     * @throws IllegalArgumentException for an object that nothing can write; nothing is sent then
     */
    public List<CompletableFuture<Long>> publishAllAsync(Collection<ShardMessage> messages) {
        return publishAllAsync(messages, null);
    }

    List<CompletableFuture<Long>> publishAllAsync(Collection<ShardMessage> messages, @Nullable ContextView caller) {
        List<Publication> publications = publications(messages);
        send(publications, caller);
        return publications.stream().map(ShardedPublisher::translated).toList();
    }

    private static CompletableFuture<Long> translated(Publication publication) {
        CompletableFuture<Long> translated = new CompletableFuture<>();
        var unused = publication.answer().whenComplete((receivers, failure) -> {
            if (failure != null) {
                translated.completeExceptionally(translate(publication.channel(), failure));
            } else {
                translated.complete(receivers);
            }
        });
        var alsoUnused = translated.whenComplete((receivers, failure) -> {
            if (translated.isCancelled()) {
                publication.answer().cancel(false);
            }
        });
        return translated;
    }

    private List<Publication> publications(Collection<ShardMessage> messages) {
        return messages.stream().map(this::publication).toList();
    }

    private Publication publication(ShardMessage message) {
        Assert.notNull(message.channel(), "Channel must not be null");
        Assert.notNull(message.payload(), "Payload must not be null");
        return new Publication(message.channel(), encode(message.payload()), this.observers, write(message));
    }

    /** Null where it is not kept. */
    private ShardHistory.@Nullable HistoryWrite write(ShardMessage message) {
        ShardHistory history = this.history;
        Boolean recovery = message.recovery();
        if (history == null) {
            Assert.isTrue(
                    !Boolean.TRUE.equals(recovery),
                    () -> "A message with recovery for the channel '" + message.channel()
                            + "' cannot be published, because this publisher keeps no histories. Give it a ShardHistory"
                            + " (setHistory), as the one has that is configured for the application");
            return null;
        }
        if (recovery == null) {
            return history.write(message.channel());
        }
        return recovery ? history.writeAnyway(message.channel()) : null;
    }

    private byte[] encode(Object payload) {
        if (payload instanceof String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        if (payload instanceof byte[] bytes) {
            return bytes;
        }
        if (this.objectSerializer == null) {
            throw new IllegalArgumentException(
                    "A payload of " + payload.getClass().getName() + " cannot be published, because there"
                            + " is nothing that writes objects. Add Jackson 3 (tools.jackson.core:jackson-databind, for example with"
                            + " spring-boot-starter-jackson) for JSON, or publish a String or a byte[]");
        }
        byte[] bytes = this.objectSerializer.serialize(payload);
        Assert.state(bytes != null, "The object serializer returned null");
        return bytes;
    }

    private void send(List<Publication> publications, @Nullable ContextView caller) {
        try {
            PublishInterceptor interceptor = this.interceptor;
            if (interceptor != null) {
                publications.forEach(publication -> publication.begin(interceptor, caller));
            }
            CompletableFuture<PublishingConnection> connected;
            synchronized (this) {
                Opened current = opened();
                connected = current.last();
                if (!connected.isDone()) {
                    // One behind the other: of several dependents of one future the youngest would come first.
                    CompletableFuture<PublishingConnection> sent =
                            connected.thenApply(connection -> connection.publish(publications));
                    this.opened = new Opened(current.client(), sent);
                    var unused = sent.whenComplete((connection, failure) -> {
                        if (failure != null) {
                            fail(publications, failure);
                        }
                    });
                    return;
                }
            }
            connected.join().publish(publications);
        } catch (RuntimeException ex) {
            fail(publications, ex);
        }
    }

    private static void fail(List<Publication> publications, Throwable failure) {
        publications.forEach(publication -> publication.failed(failure, PublishOutcome.REFUSED));
    }

    /** Under the monitor. */
    private Opened opened() {
        Assert.state(!this.closed, "This publisher is closed");
        RedisClusterClient client = this.clients.get();
        Opened current = this.opened;
        if (current == null || !current.usableFor(client)) {
            if (current != null) {
                var unused = close(current);
            }
            // Lettuce needs the topology before it connects without blocking.
            current = new Opened(
                    client,
                    client.refreshPartitionsAsync()
                            .toCompletableFuture()
                            .thenCompose(refreshed -> client.connectAsync(ByteArrayCodec.INSTANCE))
                            .thenApply(connection -> publishing(connection, client)));
            this.opened = current;
        }
        return current;
    }

    private PublishingConnection publishing(
            StatefulRedisClusterConnection<byte[], byte[]> connection, RedisClusterClient client) {
        ScheduledExecutorService timer = client.getResources().eventExecutorGroup();
        return new PublishingConnection(
                connection,
                new Retries(this.settings.retryTimeout(), timer, this.observers),
                new TopologyRefresh(client, timer)::request);
    }

    static DataAccessException translate(String channel, Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException || cause instanceof ExecutionException) {
            Throwable inner = cause.getCause();
            if (inner == null) {
                break;
            }
            cause = inner;
        }
        DataAccessException translated = (cause instanceof Exception exception) ? exceptions.convert(exception) : null;
        return (translated != null)
                ? translated
                : new RedisSystemException("Publishing to the shard channel '" + channel + "' failed", cause);
    }

    /**
     * Closes the connection and waits for that, at most for two seconds. Messages without an answer yet may fail; the next one opens
     * another connection.
     */
    public void disconnect() {
        Opened current;
        synchronized (this) {
            current = this.opened;
            this.opened = null;
        }
        if (current != null) {
            try {
                close(current).get(CLOSE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException ex) {
                // It never was open, or ends with its client.
            }
        }
    }

    private static CompletableFuture<Void> close(Opened opened) {
        return opened.last().thenCompose(PublishingConnection::close);
    }

    /**
     * Closes the connection for good.
     */
    @Override
    public void close() {
        this.closed = true;
        disconnect();
    }
}
