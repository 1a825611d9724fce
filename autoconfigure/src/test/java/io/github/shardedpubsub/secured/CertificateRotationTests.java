package io.github.shardedpubsub.secured;

import static io.github.shardedpubsub.secured.SecuredCluster.PASSWORD;
import static io.github.shardedpubsub.secured.SecuredCluster.USER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Certificates of servers and clients that are replaced while the application runs. */
@LiveTest
@ExtendWith(OutputCaptureExtension.class)
class CertificateRotationTests {

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

    private static SecuredApplication application() {
        return SecuredApplication.start(
                NothingMore.class,
                secured.connection(),
                "spring.data.redis.username=" + USER,
                "spring.data.redis.password=" + PASSWORD);
    }

    /** A bundle is reloaded when its files have been quiet for a while. */
    private static void awaitReload(SecuredApplication application, Runnable change) {
        SslBundles bundles = application.context().getBean(SslBundles.class);
        SslBundle before = bundles.getBundle("redis");
        change.run();
        await().atMost(SecuredApplication.RECOVERY).until(() -> bundles.getBundle("redis") != before);
    }

    @Test
    void aReloadedBundleIsTakenForEveryConnectionFromThenOn(CapturedOutput output) {
        try (SecuredApplication application = application()) {
            application.requireDelivery();
            Runnable giveToApplication = secured.replaceCertificates();
            awaitReload(application, giveToApplication);
            // what stands goes on standing
            application.requireDelivery();
            assertThat(application.interruptions()).isEmpty();

            secured.killApplicationConnections();
            application.requireDelivery();
            application.awaitHealthy();
        }
        assertThat(output).doesNotContain("doesn't support SSL reloading");
    }

    @Test
    void whatDoesNotFitIsSaidInHealthUntilABundleIsReloadedThatDoes() {
        try (SecuredApplication application = application()) {
            application.requireDelivery();
            Runnable giveToApplication = secured.replaceCertificates();
            secured.killApplicationConnections();
            application.awaitDown("certification path");
            awaitReload(application, giveToApplication);
            application.requireDelivery();
            application.awaitHealthy();
        }
    }
}
