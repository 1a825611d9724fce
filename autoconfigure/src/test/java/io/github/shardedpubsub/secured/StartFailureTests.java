package io.github.shardedpubsub.secured;

import static io.github.shardedpubsub.secured.SecuredCluster.PASSWORD;
import static io.github.shardedpubsub.secured.SecuredCluster.USER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.test.RedisCluster;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What people read whose application cannot start because it is not let in. */
@LiveTest
@ExtendWith({SecuredClusterResolver.class, OutputCaptureExtension.class})
class StartFailureTests {

    private final SecuredCluster secured;

    StartFailureTests(SecuredCluster secured) {
        this.secured = secured;
    }

    private void failToStart(String[] connection, String user, String password) {
        Throwable failure = catchThrowable(() -> SecuredApplication.start(
                        connection,
                        "spring.data.redis.username=" + user,
                        "spring.data.redis.password=" + password,
                        "sharded-pubsub.subscription-timeout=1s")
                .close());
        assertThat(failure).isNotNull();
    }

    private String[] without(String prefix, String... more) {
        return Stream.concat(
                        Arrays.stream(this.secured.connection()).filter(property -> !property.startsWith(prefix)),
                        Arrays.stream(more))
                .toArray(String[]::new);
    }

    @Test
    void aWrongPasswordIsSaid(CapturedOutput output) {
        failToStart(this.secured.connection(), USER, "wrong");
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("WRONGPASS")
                .contains("spring.data.redis.password");
    }

    @Test
    void aConnectionWithoutTlsToServersThatWantItIsSaid(CapturedOutput output) {
        failToStart(without("spring.data.redis.ssl"), USER, PASSWORD);
        assertThat(output).contains("APPLICATION FAILED TO START").contains("spring.data.redis.ssl");
    }

    @Test
    void aConnectionByTlsToServersThatDoNotKnowItIsSaid(CapturedOutput output) {
        try (RedisCluster plain = RedisCluster.builder().masters(1).start()) {
            failToStart(
                    without(
                            "spring.data.redis.cluster.nodes",
                            "spring.data.redis.cluster.nodes=" + String.join(",", plain.addresses())),
                    "default",
                    "any");
        }
        assertThat(output).contains("APPLICATION FAILED TO START").contains("spring.data.redis.ssl");
    }

    @Test
    void aCertificateThatIsNotTrustedIsSaid(CapturedOutput output) {
        failToStart(
                without(
                        "spring.ssl.bundle.pem.redis.truststore",
                        "spring.ssl.bundle.pem.redis.truststore.certificate=" + this.secured.otherCertificate()),
                USER,
                PASSWORD);
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("certification path")
                .contains("truststore");
    }

    /** A server that does not know the command, as those of before 7.0 do not. */
    @Test
    void serversOfBeforeShardedPubSubAreSaid(CapturedOutput output) {
        try (RedisCluster old = RedisCluster.builder()
                .masters(1)
                .configuration("rename-command", "SSUBSCRIBE \"\"")
                .start()) {
            Throwable failure = catchThrowable(() -> SecuredApplication.start(
                            new String[] {"spring.data.redis.cluster.nodes=" + String.join(",", old.addresses())})
                    .close());
            assertThat(failure).isNotNull();
        }
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("does not know the command SSUBSCRIBE")
                .contains("Update the servers to Redis 7.0 or later, or to Valkey");
    }
}
