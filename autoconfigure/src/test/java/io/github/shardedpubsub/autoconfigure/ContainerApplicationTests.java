package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisClusterConnectionDetails;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.testcontainers.DockerClientFactory;

/** An application on a cluster in containers, which it knows by nothing but the bean of its connection details. */
@Tag("containers")
class ContainerApplicationTests {

    private static final String IMAGE = System.getProperty("redis.image", "");

    @TestConfiguration(proxyBeanMethods = false)
    static class InContainers {

        @Bean
        RedisCluster cluster() {
            return RedisCluster.containers(IMAGE)
                    .configuration("requirepass", "secret")
                    .start();
        }

        @Bean
        DataRedisConnectionDetails redis(RedisCluster cluster) {
            return new RedisClusterConnectionDetails(cluster);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        final List<String> heard = new CopyOnWriteArrayList<>();

        @ShardedRedisListener("news")
        void news(String text) {
            this.heard.add(text);
        }
    }

    @BeforeEach
    void requireDocker() {
        assumeTrue(!IMAGE.isEmpty(), "no image is given; -Dredis.image=redis:8.0 does, where there is Docker");
        assumeTrue(DockerClientFactory.instance().isDockerAvailable(), "there is no Docker here");
    }

    @Test
    void hearsMessagesBeforeAndAfterItsSlotHasMoved() {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(
                        Application.class, InContainers.class)
                .web(WebApplicationType.NONE)
                .run()) {
            ShardedPublisher publisher = context.getBean(ShardedPublisher.class);
            RedisCluster cluster = context.getBean(RedisCluster.class);
            List<String> heard = context.getBean(Application.class).heard;

            assertThat(publisher.publish("news", "here")).isEqualTo(1);
            int slot = RedisCluster.slot("news");
            cluster.moveSlot(slot, cluster.otherMaster(cluster.owner(slot)));
            await().atMost(Duration.ofSeconds(10)).until(() -> publisher.publish("news", "there") == 1);

            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(heard).containsExactly("here", "there"));
        }
    }
}
