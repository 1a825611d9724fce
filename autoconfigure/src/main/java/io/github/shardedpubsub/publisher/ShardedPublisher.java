package io.github.shardedpubsub.publisher;

import io.lettuce.core.cluster.RedisClusterClient;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.serializer.RedisSerializer;

/**
 * Publishes to shard channels.
 */
public final class ShardedPublisher implements AutoCloseable {

    private final Supplier<RedisClusterClient> client;

    private final @Nullable RedisSerializer<Object> objectSerializer;

    public ShardedPublisher(Supplier<RedisClusterClient> client, @Nullable RedisSerializer<Object> objectSerializer) {
        this.client = client;
        this.objectSerializer = objectSerializer;
    }

    /**
     * Publishes a message and waits for the server's answer.
     *
     * @return how many subscribers the node that served it counted
     */
    public long publish(String channel, Object payload) {
        return publishAsync(channel, payload).join();
    }

    /**
     * Publishes a message.
     *
     * @return how many subscribers the node that served it counted
     */
    public CompletableFuture<Long> publishAsync(String channel, Object payload) {
        return CompletableFuture.failedFuture(
                new UnsupportedOperationException(channel + payload + this.client + this.objectSerializer));
    }

    @Override
    public void close() {}
}
