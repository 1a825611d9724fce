package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.test.RedisCluster;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.core.env.MapPropertySource;

/**
 * Starts three masters and three replicas before the application connects, and tells it where they are, as an operator would:
 * through {@code spring.data.redis.cluster.nodes}. Does nothing where that is set, nor while the application is processed ahead of time,
 * since nothing connects then.
 */
class EmbeddedClusterInitializer implements ApplicationContextInitializer<ConfigurableApplicationContext> {

    private static final Logger logger = LoggerFactory.getLogger(EmbeddedClusterInitializer.class);

    /** A visitor does not wait long for a promotion. */
    private static final Duration NODE_TIMEOUT = Duration.ofSeconds(1);

    private static final String NODES = "spring.data.redis.cluster.nodes";

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        if (Boolean.getBoolean(AbstractAotProcessor.AOT_PROCESSING)) {
            return;
        }
        if (context.getEnvironment().containsProperty(NODES)
                || context.getEnvironment().containsProperty(NODES + "[0]")) {
            logger.info("Using the cluster that {} names", NODES);
            return;
        }
        logger.info("Starting a Redis Cluster of 3 masters and 3 replicas for the sample…");
        RedisCluster cluster = RedisCluster.builder()
                .masters(3)
                .replicas(1)
                .nodeTimeout(NODE_TIMEOUT)
                .start();
        context.getEnvironment()
                .getPropertySources()
                .addFirst(new MapPropertySource(
                        "embedded Redis Cluster", Map.of(NODES, String.join(",", cluster.addresses()))));
        DefaultListableBeanFactory beans = (DefaultListableBeanFactory) context.getBeanFactory();
        beans.registerSingleton("redisCluster", cluster);
        // the first to be registered is the last to be closed: every connection goes before its server
        beans.registerDisposableBean("redisCluster", cluster::close);
    }
}
