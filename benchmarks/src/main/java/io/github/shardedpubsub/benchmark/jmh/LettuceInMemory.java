package io.github.shardedpubsub.benchmark.jmh;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.CommandEncoder;
import io.lettuce.core.pubsub.PubSubCommandHandler;
import io.lettuce.core.pubsub.PubSubEndpoint;
import io.lettuce.core.pubsub.RedisPubSubListener;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnectionImpl;
import io.lettuce.core.resource.ClientResources;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.CompletableFuture;

/** Lettuce's own pub/sub connection, RESP3. */
final class LettuceInMemory implements InMemoryConnection {

    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    private final StatefulRedisPubSubConnectionImpl<String, byte[]> connection;

    private final EmbeddedChannel channel;

    LettuceInMemory(ClientResources resources, RedisPubSubListener<String, byte[]> listener) {
        ClientOptions options = ClientOptions.create();
        PubSubEndpoint<String, byte[]> endpoint = new PubSubEndpoint<>(options, resources);
        this.connection =
                new StatefulRedisPubSubConnectionImpl<>(endpoint, endpoint, CODEC, RedisURI.DEFAULT_TIMEOUT_DURATION);
        this.connection.setOptions(options);
        this.connection.addListener(listener);
        this.channel = InMemoryConnection.channel(
                new CommandEncoder(), new PubSubCommandHandler<>(options, resources, CODEC, endpoint));
    }

    @Override
    public EmbeddedChannel channel() {
        return this.channel;
    }

    @Override
    public CompletableFuture<?> subscribe(String name) {
        return this.connection.async().ssubscribe(name).toCompletableFuture();
    }
}
