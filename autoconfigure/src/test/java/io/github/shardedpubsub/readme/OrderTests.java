package io.github.shardedpubsub.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.WithRedisCluster;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;

/** The documents' test of an application. */
@LiveTest
@SpringBootTest
@WithRedisCluster(masters = 3, replicas = 1)
class OrderTests {

    @Autowired
    ShardedPublisher publisher;

    @Autowired
    Orders orders;

    @Test
    void ordersComeAlsoWhenTheirSlotHasMoved(RedisCluster cluster) {
        int slot = RedisCluster.slot("orders:{eu}");
        cluster.moveSlot(slot, cluster.otherMaster(cluster.owner(slot)));
        await().until(() -> this.publisher.publish("orders:{eu}", "tea") == 1);
        await().untilAsserted(() -> assertThat(this.orders.received).contains("tea"));
    }
}
