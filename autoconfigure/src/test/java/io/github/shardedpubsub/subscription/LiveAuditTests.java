package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** On real servers: a replica that is given another master drops its subscribers, and Redis 7.0 tells them nothing. */
class LiveAuditTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    @Test
    void aChannelOnAReplicaThatLeavesTheShardIsTakenToTheUpstreamNode() throws Exception {
        try (RedisCluster cluster = RedisCluster.start(3, 1);
                RedisClusterClient client = RedisClusterClient.create(RedisURI.create(
                        cluster.nodes().get(0).host(), cluster.nodes().get(0).port()))) {
            RedisNode oldMaster = cluster.masters().get(0);
            ChannelName channel = ChannelName.of(cluster.channelOwnedBy(oldMaster, "audited"));
            List<String> received = new CopyOnWriteArrayList<>();
            SubscriptionSettings often = SubscriptionSettings.DEFAULTS.withAuditInterval(Duration.ofMillis(500));
            try (ShardSubscriptions subscriptions = SlotFollowingSubscriptions.start(client, often)) {
                subscriptions
                        .subscribe(
                                channel, (name, payload) -> received.add(new String(payload, StandardCharsets.UTF_8)))
                        .confirmed()
                        .get(SOON.toSeconds(), TimeUnit.SECONDS);
                RedisNode promoted = cluster.replicasOf(oldMaster).get(0);
                cluster.failover(promoted);
                await().atMost(SOON).until(() -> arrives(promoted, channel, "after the failover", received));

                RedisNode other = cluster.otherMaster(promoted);
                cluster.reparent(oldMaster, other);
                await().atMost(SOON).until(() -> arrives(promoted, channel, "after the silence", received));
                assertThat(subscriptions.channel(channel).orElseThrow().node())
                        .isEqualTo(new NodeAddress(promoted.host(), promoted.port()));
            }
        }
    }

    private static boolean arrives(RedisNode node, ChannelName channel, String message, List<String> received) {
        node.command("SPUBLISH", channel.toString(), message);
        return received.contains(message);
    }
}
