package io.github.shardedpubsub.benchmark.client;

import glide.api.GlideClusterClient;
import glide.api.models.GlideString;
import glide.api.models.configuration.BaseSubscriptionConfiguration.MessageCallback;
import glide.api.models.configuration.ClusterSubscriptionConfiguration;
import glide.api.models.configuration.ClusterSubscriptionConfiguration.PubSubClusterChannelMode;
import glide.api.models.configuration.GlideClusterClientConfiguration;
import glide.api.models.configuration.NodeAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Valkey GLIDE. It connects with its subscriptions, so that subscribing is connecting, too. */
final class GlideClient implements MeasuredClient {

    private @Nullable GlideClusterClient client;

    private List<NodeAddress> addresses = List.of();

    private Set<GlideString> channels = Set.of();

    private LongAdder received = new LongAdder();

    @Override
    public void connect(List<String> seeds, List<String> channels, LongAdder received) {
        this.received = received;
        this.channels =
                new LinkedHashSet<>(channels.stream().map(GlideString::of).toList());
        this.addresses = seeds.stream().map(GlideClient::address).toList();
    }

    private static NodeAddress address(String seed) {
        int colon = seed.lastIndexOf(':');
        return NodeAddress.builder()
                .host(seed.substring(0, colon))
                .port(Integer.parseInt(seed.substring(colon + 1)))
                .build();
    }

    @Override
    public void subscribe() throws Exception {
        MessageCallback counting = (message, context) -> this.received.increment();
        this.client = GlideClusterClient.createClient(GlideClusterClientConfiguration.builder()
                        .addresses(this.addresses)
                        .subscriptionConfiguration(ClusterSubscriptionConfiguration.builder()
                                .subscriptions(PubSubClusterChannelMode.SHARDED, this.channels)
                                .callback(counting)
                                .build())
                        .build())
                .get(Pipelining.LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws Exception {
        if (this.client != null) {
            this.client.close();
        }
    }
}
