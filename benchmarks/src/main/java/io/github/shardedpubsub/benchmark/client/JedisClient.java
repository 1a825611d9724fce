package io.github.shardedpubsub.benchmark.client;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.BinaryJedisShardedPubSub;
import redis.clients.jedis.ClusterPipeline;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClusterClient;

/**
 * Jedis: for each node a thread that is in {@code ssubscribe}. It does not subscribe again on its own; a loop around that call would be the
 * user's.
 */
final class JedisClient implements MeasuredClient {

    private static final int PUBLISHED_AT_ONCE = 4_096;

    private @Nullable RedisClusterClient client;

    private final List<List<byte[][]>> nodes = new ArrayList<>();

    private final List<Subscriber> subscribers = new ArrayList<>();

    private List<byte[]> names = List.of();

    private LongAdder received = new LongAdder();

    @Override
    public void connect(List<String> seeds, List<String> channels, LongAdder received) throws Exception {
        this.received = received;
        this.names = channels.stream().map(JedisClient::bytes).toList();
        for (Map.Entry<String, List<String>> node :
                SlotTable.ask(seeds.get(0)).byNode(channels).entrySet()) {
            this.nodes.add(SlotTable.bySlot(node.getValue()).stream()
                    .map(slot -> slot.stream().map(JedisClient::bytes).toArray(byte[][]::new))
                    .toList());
        }
        Set<HostAndPort> addresses = new HashSet<>();
        seeds.forEach(seed -> addresses.add(HostAndPort.from(seed)));
        this.client = RedisClusterClient.create(addresses);
    }

    private static byte[] bytes(String channel) {
        return channel.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void subscribe() throws Exception {
        RedisClusterClient client = this.client;
        if (client == null) {
            return;
        }
        for (List<byte[][]> slots : this.nodes) {
            Subscriber subscriber = new Subscriber();
            this.subscribers.add(subscriber);
            Thread thread = new Thread(() -> subscriber.run(client, slots.get(0)), "jedis-subscriber");
            thread.setDaemon(true);
            thread.start();
        }
        for (int i = 0; i < this.nodes.size(); i++) {
            Subscriber subscriber = this.subscribers.get(i);
            if (!subscriber.begun.await(Pipelining.LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("Jedis has not subscribed its first channels");
            }
            List<byte[][]> slots = this.nodes.get(i);
            for (byte[][] slot : slots.subList(1, slots.size())) {
                subscriber.ssubscribe(slot);
            }
        }
    }

    @Override
    public void publish(int messages, byte[] payload) {
        if (this.client != null) {
            for (int sent = 0; sent < messages; ) {
                try (ClusterPipeline pipeline = this.client.pipelined()) {
                    int until = Math.min(messages, sent + PUBLISHED_AT_ONCE);
                    for (; sent < until; sent++) {
                        pipeline.spublish(this.names.get(sent % this.names.size()), payload);
                    }
                    pipeline.sync();
                }
            }
        }
    }

    @Override
    public void close() {
        for (Subscriber subscriber : this.subscribers) {
            if (subscriber.isSubscribed()) {
                subscriber.sunsubscribe();
            }
        }
        if (this.client != null) {
            this.client.close();
        }
    }

    private final class Subscriber extends BinaryJedisShardedPubSub {

        private final CountDownLatch begun = new CountDownLatch(1);

        void run(RedisClusterClient client, byte[][] first) {
            try {
                client.ssubscribe(this, first);
            } catch (RuntimeException ended) {
                // the measurement sees that nothing comes any more
                System.err.println("Jedis has left ssubscribe: " + ended);
            }
        }

        @Override
        public void onSSubscribe(byte[] channel, int count) {
            this.begun.countDown();
        }

        @Override
        public void onSMessage(byte[] channel, byte[] payload) {
            JedisClient.this.received.increment();
        }
    }
}
