package io.github.shardedpubsub.benchmark.client;

import io.github.shardedpubsub.actuate.DeliveryMetrics;
import io.github.shardedpubsub.actuate.ShardSubscriptionMetrics;
import io.github.shardedpubsub.listener.OverflowPolicy;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.lettuce.core.cluster.RedisClusterClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;

/**
 * Our listener container: the messages of a channel in order, on worker threads. Full queues hold up the connection, so that every message
 * arrives; all else is as by default.
 */
final class OurContainer implements MeasuredClient {

    private final boolean metered;

    private final boolean recovery;

    private @Nullable RedisClusterClient client;

    private @Nullable ShardSubscriptions subscriptions;

    private @Nullable ShardedRedisMessageListenerContainer container;

    private @Nullable ShardRecovery histories;

    private List<ChannelTopic> topics = List.of();

    private LongAdder received = new LongAdder();

    /** With or without metrics, with or without recovery. */
    OurContainer(boolean metered, boolean recovery) {
        this.metered = metered;
        this.recovery = recovery;
    }

    @Override
    public void connect(List<String> seeds, List<String> channels, LongAdder received) {
        this.topics = channels.stream().map(ChannelTopic::of).toList();
        this.received = received;
        this.client = LettuceClient.client(seeds);
        this.subscriptions = SlotFollowingSubscriptions.start(this.client, SubscriptionSettings.DEFAULTS);
        this.container = new ShardedRedisMessageListenerContainer(this.subscriptions);
        // asked for, and never used
        this.container.setConnectionFactory(new LettuceConnectionFactory());
        this.container.setOverflowPolicy(OverflowPolicy.BLOCK);
        this.container.setMaxSubscriptionRegistrationWaitingTime(TimeUnit.SECONDS.toMillis(Pipelining.LIMIT_SECONDS));
        if (this.recovery) {
            this.histories = new ShardRecovery(() -> this.client, this.subscriptions, RecoverablePublish.SETTINGS);
            this.container.setRecovery(this.histories);
        }
        if (this.metered) {
            SimpleMeterRegistry registry = new SimpleMeterRegistry();
            new ShardSubscriptionMetrics(this.subscriptions).bindTo(registry);
            new DeliveryMetrics(List.of(this.container)).bindTo(registry);
        }
        this.container.afterPropertiesSet();
        this.container.start();
    }

    @Override
    public void subscribe() {
        if (this.container != null) {
            this.container.addMessageListener((message, pattern) -> this.received.increment(), this.topics);
        }
    }

    @Override
    public void close() throws Exception {
        if (this.container != null) {
            this.container.destroy();
        }
        if (this.histories != null) {
            this.histories.close();
        }
        if (this.subscriptions != null) {
            this.subscriptions.close();
        }
        if (this.client != null) {
            this.client.shutdown();
        }
    }
}
