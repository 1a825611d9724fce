package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.WithRedisCluster;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Configuration;

/** A small application on the cluster that a test asks for, as in a user's tests: nested ones, too, and processed ahead of time. */
@SpringBootTest(
        classes = SampleTestClusterTests.Orders.class,
        properties = "spring.data.redis.cluster.nodes=replaced-by-the-test:6379")
@WithRedisCluster
class SampleTestClusterTests {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Orders {

        final List<String> received = new CopyOnWriteArrayList<>();

        @ShardedRedisListener("orders:{eu}")
        void order(String order) {
            this.received.add(order);
        }
    }

    @Autowired
    private ShardedPublisher publisher;

    @Autowired
    private Orders orders;

    private void requireOrder(String order) {
        assertThat(this.publisher.publish("orders:{eu}", order)).isEqualTo(1);
        await().untilAsserted(() -> assertThat(this.orders.received).contains(order));
    }

    @Test
    void ordersComeFromTheClusterOfTheTest(RedisCluster cluster) {
        assertThat(cluster.masters()).hasSize(3);
        requireOrder("tea");
    }

    @Nested
    class WhenTheSlotHasMoved {

        @Test
        void ordersGoOnComing(RedisCluster cluster) {
            int slot = RedisCluster.slot("orders:{eu}");
            cluster.moveSlot(slot, cluster.otherMaster(cluster.owner(slot)));
            await().ignoreExceptions().untilAsserted(() -> requireOrder("coffee"));
        }
    }
}
