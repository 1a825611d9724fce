package io.github.shardedpubsub.recovery;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One connection of the application's client, opened when it is first needed, and anew when the client is another. Safe for use by any
 * thread.
 */
final class HistoryConnection implements AutoCloseable {

    /** A node that is gone may never answer. */
    private static final long OPEN_SECONDS = 10;

    static final long ANSWER_SECONDS = 2;

    private final Supplier<RedisClusterClient> clients;

    /** Guarded by this. */
    private @Nullable Opened opened;

    /** Guarded by this. */
    private boolean closed;

    private record Opened(
            RedisClusterClient client, CompletableFuture<StatefulRedisClusterConnection<byte[], byte[]>> connection) {}

    HistoryConnection(Supplier<RedisClusterClient> clients) {
        this.clients = clients;
    }

    /** Sends a command as soon as there is a connection. The answer fails if it does not come in time. */
    <T extends @Nullable Object> CompletableFuture<T> send(
            Function<RedisAdvancedClusterAsyncCommands<byte[], byte[]>, RedisFuture<T>> command) {
        return open().copy().orTimeout(OPEN_SECONDS, TimeUnit.SECONDS).thenCompose(connection -> {
            RedisFuture<T> sent = command.apply(connection.async());
            CompletableFuture<T> answer = sent.toCompletableFuture().copy().orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
            var unused = answer.whenComplete((value, failure) -> {
                if (failure != null) {
                    sent.cancel(false);
                }
            });
            return answer;
        });
    }

    private synchronized CompletableFuture<StatefulRedisClusterConnection<byte[], byte[]>> open() {
        if (this.closed) {
            return CompletableFuture.failedFuture(new IllegalStateException("It is closed"));
        }
        RedisClusterClient client = this.clients.get();
        Opened current = this.opened;
        if (current == null
                || current.client() != client
                || current.connection().isCompletedExceptionally()) {
            if (current != null) {
                close(current);
            }
            // Lettuce needs the topology before it connects without blocking.
            current = new Opened(
                    client,
                    client.refreshPartitionsAsync()
                            .toCompletableFuture()
                            .thenCompose(refreshed -> client.connectAsync(ByteArrayCodec.INSTANCE)));
            this.opened = current;
        }
        return current.connection();
    }

    private static void close(Opened opened) {
        var unused = opened.connection().thenCompose(StatefulRedisClusterConnection::closeAsync);
    }

    /** Sends nothing more. */
    @Override
    public void close() {
        Opened current;
        synchronized (this) {
            this.closed = true;
            current = this.opened;
            this.opened = null;
        }
        if (current != null) {
            close(current);
        }
    }
}
