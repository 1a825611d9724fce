package io.github.shardedpubsub.secured;

import static io.github.shardedpubsub.secured.SecuredCluster.PASSWORD;
import static io.github.shardedpubsub.secured.SecuredCluster.USER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.test.RedisCluster;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What people read whose application cannot start because it is not let in. */
@LiveTest
@ExtendWith(OutputCaptureExtension.class)
class StartFailureTests {

    private static SecuredCluster secured;

    @BeforeAll
    static void start(@TempDir Path folder) {
        secured = SecuredCluster.start(folder);
    }

    @AfterAll
    static void stop() {
        secured.close();
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class NothingMore {}

    private static void failToStart(String[] connection, String user, String password) {
        Throwable failure = catchThrowable(() -> SecuredApplication.start(
                        NothingMore.class,
                        connection,
                        "spring.data.redis.username=" + user,
                        "spring.data.redis.password=" + password,
                        "sharded-pubsub.subscription-timeout=1s")
                .close());
        assertThat(failure).isNotNull();
    }

    private static String[] without(String prefix, String... more) {
        return Stream.concat(
                        Arrays.stream(secured.connection()).filter(property -> !property.startsWith(prefix)),
                        Arrays.stream(more))
                .toArray(String[]::new);
    }

    @Test
    void aWrongPasswordIsSaid(CapturedOutput output) {
        failToStart(secured.connection(), USER, "wrong");
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
                        "spring.ssl.bundle.pem.redis.truststore.certificate=" + secured.otherCertificate()),
                USER,
                PASSWORD);
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("certification path")
                .contains("truststore");
    }
}
