package io.github.shardedpubsub.secured;

import static io.github.shardedpubsub.secured.SecuredCluster.PASSWORD;
import static io.github.shardedpubsub.secured.SecuredCluster.USER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Certificates of servers and clients that are replaced while the application runs. */
@LiveTest
@ExtendWith({SecuredClusterResolver.class, OutputCaptureExtension.class})
class CertificateRotationTests {

    private final SecuredCluster secured;

    CertificateRotationTests(SecuredCluster secured) {
        this.secured = secured;
    }

    private SecuredApplication application() {
        return SecuredApplication.start(
                this.secured.connection(),
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
            Runnable giveToApplication = this.secured.replaceCertificates();
            awaitReload(application, giveToApplication);
            // what stands goes on standing
            application.requireDelivery();
            assertThat(application.interruptions()).isEmpty();

            this.secured.killApplicationConnections();
            application.requireDelivery();
            application.awaitHealthy();
        }
        assertThat(output).doesNotContain("doesn't support SSL reloading");
    }

    @Test
    void whatDoesNotFitIsSaidInHealthUntilABundleIsReloadedThatDoes() {
        try (SecuredApplication application = application()) {
            application.requireDelivery();
            Runnable giveToApplication = this.secured.replaceCertificates();
            this.secured.killApplicationConnections();
            application.awaitDown("certification path");
            awaitReload(application, giveToApplication);
            application.requireDelivery();
            application.awaitHealthy();
        }
    }
}
