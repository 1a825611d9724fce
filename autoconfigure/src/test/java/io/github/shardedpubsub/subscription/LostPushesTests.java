package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.SocketAddressResolver;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/** On real servers, with a connection between that loses what nobody asked for: nothing tells of it but what we ask ourselves. */
@LiveTest
class LostPushesTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final Duration OFTEN = Duration.ofMillis(300);

    private static RedisCluster cluster;

    private static RedisNode node;

    private static ChannelName channel;

    private SwallowingRelay relay;

    private ClientResources resources;

    private RedisClusterClient client;

    private final List<String> received = new CopyOnWriteArrayList<>();

    private final Queue<Object> found = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void start() {
        cluster = RedisCluster.start(3, 0);
        node = cluster.masters().get(0);
        channel = ChannelName.of(cluster.channelOwnedBy(node, "lost"));
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @BeforeEach
    void open() throws IOException {
        this.relay = new SwallowingRelay(node.port());
        this.resources = DefaultClientResources.builder()
                .socketAddressResolver(new SocketAddressResolver() {

                    @Override
                    public SocketAddress resolve(RedisURI uri) {
                        return uri.getPort() == node.port() ? LostPushesTests.this.relay.address() : super.resolve(uri);
                    }
                })
                .build();
        this.client = RedisClusterClient.create(
                this.resources,
                List.of(RedisURI.create(
                        cluster.masters().get(1).host(),
                        cluster.masters().get(1).port())));
    }

    @AfterEach
    void close() throws Exception {
        this.client.shutdown(Duration.ofMillis(100), Duration.ofSeconds(2));
        this.resources.shutdown(100, 2_000, TimeUnit.MILLISECONDS).get();
        this.relay.close();
    }

    private ShardSubscriptions subscribed(SubscriptionSettings settings) throws Exception {
        ShardSubscriptions subscriptions = SlotFollowingSubscriptions.start(this.client, settings);
        subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void probed(NodeAddress address, ProbeResult result) {
                LostPushesTests.this.found.add(result);
            }

            @Override
            public void auditFound(NodeAddress address, String finding) {
                LostPushesTests.this.found.add(finding);
            }
        });
        subscriptions
                .subscribe(channel, (name, payload) -> this.received.add(new String(payload, StandardCharsets.UTF_8)))
                .confirmed()
                .get(SOON.toSeconds(), TimeUnit.SECONDS);
        await().atMost(SOON).until(() -> arrives("at the beginning"));
        return subscriptions;
    }

    private boolean arrives(String message) {
        node.command("SPUBLISH", channel.toString(), message);
        return this.received.contains(message);
    }

    private static Health health(ShardSubscriptions subscriptions) {
        return Objects.requireNonNull(new ShardedPubSubHealthIndicator(subscriptions, Duration.ofMinutes(1)).health());
    }

    @Test
    void aNodeFromWhichNothingArrivesIsFoundByTheProbeAndConnectedToAnew() throws Exception {
        try (ShardSubscriptions subscriptions = subscribed(SubscriptionSettings.DEFAULTS.withProbeInterval(OFTEN))) {
            await().atMost(SOON).until(() -> this.found.contains(SubscriptionObserver.ProbeResult.DELIVERED));
            this.relay.swallows = "smessage";
            await().atMost(SOON).until(() -> this.found.contains(SubscriptionObserver.ProbeResult.LOST));
            await().atMost(SOON).untilAsserted(() -> {
                Health health = health(subscriptions);
                assertThat(health.getStatus()).isEqualTo(Status.DOWN);
                assertThat(health.getDetails().get("undelivering")).asString().contains("did not come back");
            });

            this.relay.swallows = "";
            await().atMost(SOON).until(() -> arrives("after the silence"));
            await().atMost(SOON)
                    .untilAsserted(
                            () -> assertThat(health(subscriptions).getStatus()).isEqualTo(Status.UP));
            assertThat(subscriptions.channel(channel).orElseThrow().interruptions())
                    .isPositive();
        }
    }

    @Test
    void aSubscriptionThatEndedUnheardIsFoundByTheServersOwnCount() throws Exception {
        try (ShardSubscriptions subscriptions = subscribed(SubscriptionSettings.DEFAULTS.withAuditInterval(OFTEN))) {
            this.relay.swallows = "sunsubscribe";
            cluster.assignAgain(RedisCluster.slot(channel.toString()));
            await().atMost(SOON).until(() -> this.relay.swallowed.get() > 0);
            this.relay.swallows = "";

            await().atMost(SOON).until(() -> arrives("after the audit"));
            assertThat(this.found)
                    .anySatisfy(finding -> assertThat(finding)
                            .asString()
                            .contains("counts 0 shard channels for this connection, which has 1 confirmed"));
            assertThat(subscriptions.channel(channel).orElseThrow().interruptions())
                    .isEqualTo(1);
        }
    }
}
