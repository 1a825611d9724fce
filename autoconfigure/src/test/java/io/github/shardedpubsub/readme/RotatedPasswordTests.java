package io.github.shardedpubsub.readme;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.test.RedisCluster;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisCredentialsProvider;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;
import reactor.core.publisher.Mono;

/** The documents' credentials provider. */
class RotatedPasswordTests {

    interface Vault {

        String password();
    }

    @TestConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        Vault vault() {
            return () -> "vaulted";
        }

        @Bean
        LettuceClientConfigurationBuilderCustomizer credentials(Vault vault) {
            return builder -> builder.redisCredentialsProviderFactory(new RedisCredentialsProviderFactory() {

                @Override
                public RedisCredentialsProvider createCredentialsProvider(RedisConfiguration redis) {
                    return () -> Mono.fromCallable(() -> RedisCredentials.just("default", vault.password()));
                }
            });
        }
    }

    @Test
    void itIsAskedForThePassword() {
        try (RedisCluster cluster = RedisCluster.builder()
                        .masters(1)
                        .configuration("requirepass", "vaulted")
                        .start();
                ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                        .web(WebApplicationType.NONE)
                        .properties("spring.data.redis.cluster.nodes=" + String.join(",", cluster.addresses()))
                        .run()) {
            assertThat(context.getBean(ShardedPublisher.class).publish("news", "nobody listens"))
                    .isZero();
        }
    }
}
