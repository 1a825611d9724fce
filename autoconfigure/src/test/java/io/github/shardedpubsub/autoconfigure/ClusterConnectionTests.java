package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.autoconfigure.UnsupportedRedisException.Requirement;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisCredentialsProvider;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslVerifyMode;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;
import redis.embedded.RedisServer;

/** What is found out about servers; what is seen without one is in {@link ShardedPubSubAutoConfigurationTests}. */
@ExtendWith(OutputCaptureExtension.class)
class ClusterConnectionTests {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(
                    AutoConfigurations.of(DataRedisAutoConfiguration.class, ShardedPubSubAutoConfiguration.class));

    @Test
    void startsWithACluster(CapturedOutput output) {
        this.runner
                .withPropertyValues("spring.data.redis.cluster.nodes=" + LiveCluster.nodes())
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context.getBean(LifecycleSubscriptions.class).isRunning())
                            .isTrue();
                    assertThat(output).doesNotContain("could not be asked").doesNotContain("No answer");
                });
    }

    @Test
    void explainsItselfWithAServerThatIsNotOneOfACluster() throws IOException {
        int port = freePort();
        RedisServer standalone = RedisServer.builder().port(port).build();
        standalone.start();
        try {
            this.runner
                    .withPropertyValues("spring.data.redis.cluster.nodes=127.0.0.1:" + port)
                    .run(context -> {
                        assertThat(context).hasFailed();
                        assertThat(context.getStartupFailure())
                                .rootCause()
                                .isInstanceOfSatisfying(
                                        UnsupportedRedisException.class,
                                        ex -> assertThat(ex.getRequirement()).isEqualTo(Requirement.CLUSTER))
                                .hasMessageContaining("cluster support disabled");
                    });
        } finally {
            standalone.stop();
        }
    }

    @Test
    void startsAllTheSameIfTheClusterCannotBeReached(CapturedOutput output) {
        this.runner
                .withPropertyValues("spring.data.redis.cluster.nodes=127.0.0.1:1")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context).hasSingleBean(ShardSubscriptions.class);
                    assertThat(output).contains("could not be asked whether its servers know sharded pub/sub");
                });
    }

    @Test
    void startsAllTheSameIfTheUserMayNotAskForCommands(CapturedOutput output) {
        LiveCluster.get()
                .nodes()
                .forEach(node ->
                        node.command("ACL", "SETUSER", "narrow", "on", ">secret", "+@all", "-command", "~*", "&*"));
        this.runner
                .withPropertyValues(
                        "spring.data.redis.cluster.nodes=" + LiveCluster.nodes(),
                        "spring.data.redis.username=narrow",
                        "spring.data.redis.password=secret")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(output).contains("NOPERM");
                });
    }

    @Test
    void entersNodesAsTheConnectionFactoryDoes() {
        RedisClusterConfiguration cluster = new RedisClusterConfiguration(List.of("127.0.0.1:1"));
        cluster.setUsername("app");
        cluster.setPassword("secret");
        RedisURI access = access(
                cluster,
                LettuceClientConfiguration.builder()
                        .clientName("orders")
                        .commandTimeout(Duration.ofSeconds(7))
                        .useSsl()
                        .disablePeerVerification()
                        .build());
        assertThat(access.isSsl()).isTrue();
        assertThat(access.getVerifyMode()).isEqualTo(SslVerifyMode.NONE);
        assertThat(access.getClientName()).isEqualTo("orders");
        assertThat(access.getTimeout()).hasSeconds(7);
        RedisCredentials credentials = Objects.requireNonNull(
                access.getCredentialsProvider().resolveCredentials().block());
        assertThat(credentials.getUsername()).isEqualTo("app");
        assertThat(credentials.getPassword()).isEqualTo("secret".toCharArray());
    }

    @Test
    void entersNodesWithTheApplicationsCredentialsProvider() {
        RedisCredentialsProvider provider =
                RedisCredentialsProvider.from(() -> RedisCredentials.just("rotating", "secret"));
        RedisURI access = access(
                new RedisClusterConfiguration(List.of("127.0.0.1:1")),
                LettuceClientConfiguration.builder()
                        .redisCredentialsProviderFactory(new RedisCredentialsProviderFactory() {
                            @Override
                            public RedisCredentialsProvider createCredentialsProvider(
                                    RedisConfiguration configuration) {
                                return provider;
                            }
                        })
                        .build());
        assertThat(access.getCredentialsProvider()).isSameAs(provider);
        assertThat(access.isSsl()).isFalse();
    }

    private static RedisURI access(RedisClusterConfiguration cluster, LettuceClientConfiguration client) {
        return ClusterConnection.of(new LettuceConnectionFactory(cluster, client))
                .access();
    }

    @Test
    void knowsAnUnknownCommandFromAKnownOne() {
        assertThat(ClusterConnection.isKnown(List.of(List.of("ssubscribe", -2))))
                .isTrue();
        assertThat(ClusterConnection.isKnown(List.of(List.of()))).isFalse();
        assertThat(ClusterConnection.isKnown(Arrays.asList((Object) null))).isFalse();
        assertThat(ClusterConnection.isKnown(List.of())).isFalse();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
