package io.github.shardedpubsub.benchmark.client;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.pubsub.StatefulRedisClusterPubSubConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Lettuce's own pub/sub connection to a cluster, which looks at the topology anew whenever it has a reason to. */
final class LettuceClient implements MeasuredClient {

    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    private final ProtocolVersion protocol;

    private @Nullable RedisClusterClient client;

    private @Nullable StatefulRedisClusterPubSubConnection<String, byte[]> connection;

    private List<String> channels = List.of();

    private List<String[]> slots = List.of();

    LettuceClient(ProtocolVersion protocol) {
        this.protocol = protocol;
    }

    /** A client as ours gets it, too. */
    static RedisClusterClient client(List<String> seeds) {
        RedisClusterClient client = RedisClusterClient.create(
                seeds.stream().map(seed -> RedisURI.create("redis://" + seed)).toList());
        client.setOptions(options(ProtocolVersion.RESP3));
        return client;
    }

    private static ClusterClientOptions options(ProtocolVersion protocol) {
        return ClusterClientOptions.builder()
                .protocolVersion(protocol)
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enableAllAdaptiveRefreshTriggers()
                        .build())
                .build();
    }

    @Override
    public void connect(List<String> seeds, List<String> channels, LongAdder received) {
        this.channels = channels;
        this.slots = SlotTable.bySlot(channels).stream()
                .map(slot -> slot.toArray(String[]::new))
                .toList();
        this.client = client(seeds);
        this.client.setOptions(options(this.protocol));
        this.connection = this.client.connectPubSub(CODEC);
        this.connection.addListener(new RedisPubSubAdapter<String, byte[]>() {

            @Override
            public void smessage(String channel, byte[] payload) {
                received.increment();
            }
        });
    }

    @Override
    public void subscribe() throws Exception {
        if (this.connection != null) {
            List<RedisFuture<Void>> confirmed = new ArrayList<>();
            for (String[] slot : this.slots) {
                confirmed.add(this.connection.async().ssubscribe(slot));
            }
            for (RedisFuture<Void> slot : confirmed) {
                slot.get(Pipelining.LIMIT_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    @Override
    public void publish(int messages, byte[] payload) throws Exception {
        if (this.client != null) {
            try (StatefulRedisClusterConnection<String, byte[]> publishing = this.client.connect(CODEC)) {
                Pipelining.run(
                        messages,
                        number ->
                                publishing.async().spublish(this.channels.get(number % this.channels.size()), payload));
            }
        }
    }

    @Override
    public void close() {
        if (this.client != null) {
            this.client.shutdown();
        }
    }
}
