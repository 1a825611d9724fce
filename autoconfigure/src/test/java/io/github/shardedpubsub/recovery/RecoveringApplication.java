package io.github.shardedpubsub.recovery;

import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.RecoverableMessage;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.publisher.PublisherSettings;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.github.shardedpubsub.test.RedisCluster;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;

/** A publisher and a listener container with recovery, on a cluster. */
final class RecoveringApplication implements AutoCloseable {

    private final RedisClusterClient client;

    private final ShardSubscriptions subscriptions;

    private final ShardRecovery recovery;

    private final ShardHistory history;

    private final ShardedPublisher publisher;

    private final ShardedRedisMessageListenerContainer container;

    private final ReactiveShardedRedisMessageListenerContainer reactive;

    private final List<HistoryLoss> losses = new CopyOnWriteArrayList<>();

    private final Set<String> losing = ConcurrentHashMap.newKeySet();

    private final List<LostWrites> lostWrites = new CopyOnWriteArrayList<>();

    private final AtomicLong recovered = new AtomicLong();

    private final AtomicInteger recoveries = new AtomicInteger();

    /** What a listener got. */
    record Got(String text, @Nullable StreamPosition position, boolean recovered) {}

    RecoveringApplication(RedisCluster cluster, RecoverySettings settings) {
        this(nodes(cluster), settings);
    }

    RecoveringApplication(List<RedisURI> nodes, RecoverySettings settings) {
        this(
                nodes,
                settings,
                client -> new MemoryPositionStore(ShardRecovery.DEFAULT_POSITION_EXPIRY),
                ShardRecovery.DEFAULT_SAVING_INTERVAL);
    }

    /** With positions in Redis. */
    static RecoveringApplication withPositions(RedisCluster cluster, RecoverySettings settings, Duration interval) {
        return withPositions(nodes(cluster), settings, interval);
    }

    static RecoveringApplication withPositions(List<RedisURI> nodes, RecoverySettings settings, Duration interval) {
        return new RecoveringApplication(
                nodes,
                settings,
                client -> new RedisPositionStore(() -> client, ShardRecovery.DEFAULT_POSITION_EXPIRY),
                interval);
    }

    private static List<RedisURI> nodes(RedisCluster cluster) {
        return cluster.masters().stream()
                .map(node -> RedisURI.create(node.host(), node.port()))
                .toList();
    }

    private RecoveringApplication(
            List<RedisURI> nodes,
            RecoverySettings settings,
            Function<RedisClusterClient, ShardPositionStore> positions,
            Duration savingInterval) {
        this.client = RedisClusterClient.create(nodes);
        this.client.setOptions(ClusterClientOptions.builder()
                .validateClusterNodeMembership(false)
                // as Spring Boot has it: else what is sent to a node that dies then is never answered
                .timeoutOptions(TimeoutOptions.enabled(Duration.ofSeconds(5)))
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(Duration.ofSeconds(1))
                        .build())
                .build());
        this.subscriptions = SlotFollowingSubscriptions.start(this.client, nodes.get(0), SubscriptionSettings.DEFAULTS);
        RecoveryObserver observer = new RecoveryObserver() {

            @Override
            public void recovered(ChannelName channel, long messages, Duration took) {
                RecoveringApplication.this.recovered.addAndGet(messages);
                RecoveringApplication.this.recoveries.incrementAndGet();
            }

            @Override
            public void historyLost(ChannelName channel, HistoryLoss loss) {
                RecoveringApplication.this.losses.add(loss);
                RecoveringApplication.this.losing.add(channel.toString());
            }

            @Override
            public void writesLost(String channel, LostWrites lost) {
                RecoveringApplication.this.lostWrites.add(lost);
            }
        };
        this.recovery = new ShardRecovery(
                () -> this.client, this.subscriptions, settings, positions.apply(this.client), savingInterval);
        this.recovery.addObserver(observer);
        this.history = new ShardHistory(settings);
        this.history.addObserver(observer);
        this.publisher = new ShardedPublisher(() -> this.client, null, new PublisherSettings(Duration.ofSeconds(20)));
        this.publisher.setHistory(this.history);
        this.container = new ShardedRedisMessageListenerContainer(this.subscriptions);
        this.container.setConnectionFactory(mock(RedisConnectionFactory.class));
        this.container.setRecovery(this.recovery);
        this.container.afterPropertiesSet();
        this.container.start();
        this.reactive = new ReactiveShardedRedisMessageListenerContainer(this.subscriptions);
        this.reactive.setRecovery(this.recovery);
        this.reactive.start();
    }

    /** A listener, and what it gets. */
    List<Got> listen(String channel) {
        return listen(channel, ListenerOptions.DEFAULTS);
    }

    List<Got> listen(String channel, ListenerOptions options) {
        List<Got> got = new CopyOnWriteArrayList<>();
        listen(channel, options, (message, pattern) -> got.add(got(message)));
        return got;
    }

    ReactiveShardedRedisMessageListenerContainer reactive() {
        return this.reactive;
    }

    /** Nothing of where listeners are is saved any more, as if the application was killed. */
    void saveNoMore() {
        this.recovery.close();
    }

    void listen(String channel, ListenerOptions options, MessageListener listener) {
        listen(List.of(channel), options, listener);
    }

    void listen(List<String> channels, ListenerOptions options, MessageListener listener) {
        this.container.addMessageListener(
                listener, channels.stream().map(ChannelTopic::of).toList(), options);
    }

    RedisClusterClient client() {
        return this.client;
    }

    static Got got(Message message) {
        RecoverableMessage recoverable = (RecoverableMessage) message;
        return new Got(
                new String(message.getBody(), StandardCharsets.UTF_8),
                recoverable.getPosition(),
                recoverable.isRecovered());
    }

    ShardedPublisher publisher() {
        return this.publisher;
    }

    ShardedRedisMessageListenerContainer container() {
        return this.container;
    }

    ShardSubscriptions subscriptions() {
        return this.subscriptions;
    }

    ShardRecovery recovery() {
        return this.recovery;
    }

    List<HistoryLoss> losses() {
        return this.losses;
    }

    /** The channels whose listeners were told of a loss. */
    Set<String> losing() {
        return this.losing;
    }

    List<LostWrites> lostWrites() {
        return this.lostWrites;
    }

    long recovered() {
        return this.recovered.get();
    }

    int recoveries() {
        return this.recoveries.get();
    }

    @Override
    public void close() throws Exception {
        this.reactive.destroy();
        this.container.stop();
        this.container.destroy();
        this.publisher.close();
        this.recovery.close();
        this.subscriptions.close();
        this.client.shutdown(0, 2, TimeUnit.SECONDS);
    }
}
