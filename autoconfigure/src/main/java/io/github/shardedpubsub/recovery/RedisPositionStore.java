package io.github.shardedpubsub.recovery;

import io.lettuce.core.SetArgs;
import io.lettuce.core.cluster.RedisClusterClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Positions in Redis, each as a text of its own in the slot of the channel, whose key begins as {@code sharded-pubsub:position}. Safe for
 * use by any thread.
 */
public final class RedisPositionStore implements ShardPositionStore, AutoCloseable {

    private final HistoryConnection connection;

    private final Duration expiry;

    /**
     * Creates it without a connection.
     *
     * @param clients gives the application's client each time; it is never closed from here
     * @param expiry after which time Redis forgets a position, two days or longer
     */
    public RedisPositionStore(Supplier<RedisClusterClient> clients, Duration expiry) {
        this.connection = new HistoryConnection(clients);
        this.expiry = expiry;
    }

    @Override
    public CompletionStage<@Nullable ListenerPosition> load(String listener, String channel) {
        byte[] key = key(listener, channel);
        return this.connection
                .<byte @Nullable []>send(commands -> commands.get(key))
                .thenApply(text ->
                        text != null ? ListenerPosition.parse(new String(text, StandardCharsets.US_ASCII)) : null);
    }

    @Override
    public CompletionStage<@Nullable Void> save(String listener, String channel, ListenerPosition position) {
        byte[] key = key(listener, channel);
        byte[] text = position.toString().getBytes(StandardCharsets.US_ASCII);
        return this.connection
                .send(commands -> commands.set(key, text, SetArgs.Builder.px(this.expiry)))
                .thenApply(ok -> null);
    }

    private static byte[] key(String listener, String channel) {
        return HistoryKey.ofPosition(channel.getBytes(StandardCharsets.UTF_8), listener);
    }

    /** Loads and saves nothing more. */
    @Override
    public void close() {
        this.connection.close();
    }
}
