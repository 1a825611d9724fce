package io.github.shardedpubsub.publisher;

import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.connection.lettuce.LettuceExceptionConverter;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.util.Assert;

/**
 * Publishes to shard channels: {@code SPUBLISH} at the node that serves the channel's slot, following redirects as the Lettuce
 * client does. One connection is opened with the first message and shared by all. Safe for use by any thread.
 *
 * <p>A payload is a {@link String}, sent as UTF-8; a {@code byte[]}, sent as it is; or any other object, written by the object
 * serializer, which is JSON where Jackson is there.
 *
 * <p>What one thread publishes to one channel is sent in that order, also while the connection is being opened. Only a redirect can
 * change it: messages that are on their way while the slot moves are sent again one by one.
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
     * Creates a publisher; nothing is connected yet.
     *
     * @param clients gives the application's client each time; when it gives another one than before, because the connection
     *     factory was restarted, a new connection is opened. The client is never closed from here
     * @param objectSerializer writes payloads that are neither {@code String} nor {@code byte[]}; without one they are refused
     */
    public ShardedPublisher(Supplier<RedisClusterClient> clients, @Nullable RedisSerializer<Object> objectSerializer) {
        Assert.notNull(clients, "Supplier of the client must not be null");
        this.clients = clients;
        this.objectSerializer = objectSerializer;
    }

    /**
     * Publishes a message and waits for the server's answer, at most for the client's connect and command timeouts. Not to be called
     * on an event loop of Lettuce.
     *
     * @return the number of subscribers at the node that served it
     * @throws DataAccessException if it cannot be connected or the server refuses it
     * @throws IllegalArgumentException for an object when there is no object serializer
     */
    public long publish(String channel, Object payload) {
        try {
            return start(channel, payload).get();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new RedisSystemException("Interrupted while publishing to the shard channel '" + channel + "'", ex);
        } catch (ExecutionException ex) {
            throw translate(channel, ex);
        }
    }

    /**
     * Publishes a message. An array must not be changed until the future is completed.
     *
     * @return completed with the number of subscribers at the node that served it, or with a {@link DataAccessException}; on an event
     *     loop, which must not be blocked
     * @throws IllegalArgumentException for an object when there is no object serializer
     */
    public CompletableFuture<Long> publishAsync(String channel, Object payload) {
        return start(channel, payload).handle((receivers, failure) -> {
            if (failure != null) {
                throw new CompletionException(translate(channel, failure));
            }
            return receivers;
        });
    }

    private CompletableFuture<Long> start(String channel, Object payload) {
        Assert.notNull(channel, "Channel must not be null");
        Assert.notNull(payload, "Payload must not be null");
        return send(channel.getBytes(StandardCharsets.UTF_8), encode(payload));
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

    private CompletableFuture<Long> send(byte[] channel, byte[] payload) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        try {
            CompletableFuture<PublishingConnection> sent;
            synchronized (this) {
                Opened current = opened();
                if (current.last().isDone()) {
                    sent = current.last();
                } else {
                    // One behind the other: of several dependents of one future the youngest would come first.
                    sent = current.last().thenApply(connection -> connection.publish(channel, payload, answer));
                    this.opened = new Opened(current.client(), sent);
                    var unused = sent.whenComplete((connection, failure) -> {
                        if (failure != null) {
                            answer.completeExceptionally(failure);
                        }
                    });
                    return answer;
                }
            }
            sent.join().publish(channel, payload, answer);
        } catch (RuntimeException ex) {
            answer.completeExceptionally(ex);
        }
        return answer;
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
                            .thenApply(PublishingConnection::new));
            this.opened = current;
        }
        return current;
    }

    private static DataAccessException translate(String channel, Throwable failure) {
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
