package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.test.RedisCluster;
import io.lettuce.core.cluster.RedisClusterClient;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

@Configuration(proxyBeanMethods = false)
class ClusterConfiguration {

    @Bean
    ClusterNodes clusterNodes(ObjectProvider<RedisCluster> embedded, LettuceConnectionFactory connectionFactory) {
        RedisCluster cluster = embedded.getIfAvailable();
        return cluster != null
                ? new EmbeddedClusterNodes(cluster)
                : new ForeignClusterNodes((RedisClusterClient) connectionFactory.getRequiredNativeClient());
    }
}
