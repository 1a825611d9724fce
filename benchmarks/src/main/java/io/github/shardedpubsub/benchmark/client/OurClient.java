package io.github.shardedpubsub.benchmark.client;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.lettuce.core.cluster.RedisClusterClient;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Our subscriptions with default settings. */
final class OurClient implements MeasuredClient {

    private final boolean recovery;

    private @Nullable RedisClusterClient client;

    private @Nullable ShardSubscriptions subscriptions;

    private List<String> channels = List.of();

    private List<ChannelName> names = List.of();

    private LongAdder received = new LongAdder();

    /** With or without a history for what it publishes. */
    OurClient(boolean recovery) {
        this.recovery = recovery;
    }

    /** Connections are made when something is wanted: a channel, here, and its connections are warm for some time after it. */
    @Override
    public void connect(List<String> seeds, List<String> channels, LongAdder received) throws Exception {
        this.channels = channels;
        this.names = channels.stream().map(ChannelName::of).toList();
        this.received = received;
        this.client = LettuceClient.client(seeds);
        this.subscriptions = SlotFollowingSubscriptions.start(this.client, SubscriptionSettings.DEFAULTS);
        ShardSubscription first = this.subscriptions.subscribe(this.names.get(0), (channel, payload) -> {});
        first.confirmed().get(Pipelining.LIMIT_SECONDS, TimeUnit.SECONDS);
        while (this.subscriptions.nodes().size() < seeds.size()
                || !this.subscriptions.nodes().stream().allMatch(NodeStatus::connected)) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        first.release().get(Pipelining.LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void subscribe() throws Exception {
        if (this.subscriptions != null) {
            List<ShardSubscription> claims =
                    this.subscriptions.subscribe(this.names, (channel, payload) -> this.received.increment());
            for (ShardSubscription claim : claims) {
                claim.confirmed().get(Pipelining.LIMIT_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    @Override
    public void publish(int messages, byte[] payload) throws Exception {
        try (ShardedPublisher publisher = new ShardedPublisher(() -> this.client, null)) {
            publisher.setHistory(this.recovery ? new ShardHistory(RecoverablePublish.SETTINGS) : null);
            Pipelining.run(
                    messages,
                    number -> publisher.publishAsync(this.channels.get(number % this.channels.size()), payload));
        }
    }

    @Override
    public void close() {
        if (this.subscriptions != null) {
            this.subscriptions.close();
        }
        if (this.client != null) {
            this.client.shutdown();
        }
    }
}
