package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.autoconfigure.UnsupportedRedisException.Requirement;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
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
