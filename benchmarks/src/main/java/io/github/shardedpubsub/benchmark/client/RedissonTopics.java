package io.github.shardedpubsub.benchmark.client;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.RShardedTopic;
import org.redisson.api.RedissonClient;
import org.redisson.api.listener.MessageListener;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.config.Config;
import org.redisson.config.ReadMode;
import org.redisson.config.SubscriptionMode;

/**
 * Redisson's sharded topics. Its connections may hold as many subscriptions as there are channels: by default they hold five each, and there
 * can be fifty.
 */
final class RedissonTopics implements MeasuredClient {

    private @Nullable RedissonClient client;

    private List<String> channels = List.of();

    private LongAdder received = new LongAdder();

    @Override
    public void connect(List<String> seeds, List<String> channels, LongAdder received) {
        this.channels = channels;
        this.received = received;
        Config config = new Config();
        config.useClusterServers()
                .addNodeAddress(seeds.stream().map(seed -> "redis://" + seed).toArray(String[]::new))
                .setReadMode(ReadMode.MASTER)
                .setSubscriptionMode(SubscriptionMode.MASTER)
                .setSubscriptionsPerConnection(Math.max(5, channels.size()));
        this.client = Redisson.create(config);
    }

    @Override
    public void subscribe() throws Exception {
        RedissonClient client = this.client;
        if (client != null) {
            MessageListener<byte[]> counting = (channel, payload) -> this.received.increment();
            Pipelining.run(
                    this.channels.size(),
                    number -> topic(client, this.channels.get(number)).addListenerAsync(byte[].class, counting));
        }
    }

    @Override
    public void publish(int messages, byte[] payload) throws Exception {
        RedissonClient client = this.client;
        if (client != null) {
            List<RShardedTopic> topics = this.channels.stream()
                    .map(channel -> topic(client, channel))
                    .toList();
            Pipelining.run(
                    messages, number -> topics.get(number % topics.size()).publishAsync(payload));
        }
    }

    private static RShardedTopic topic(RedissonClient client, String channel) {
        return client.getShardedTopic(channel, ByteArrayCodec.INSTANCE);
    }

    @Override
    public void close() {
        if (this.client != null) {
            this.client.shutdown();
        }
    }
}
