package io.github.shardedpubsub.secured;

import static io.github.shardedpubsub.secured.SecuredCluster.CLIENT_NAME;
import static io.github.shardedpubsub.secured.SecuredCluster.PASSWORD;
import static io.github.shardedpubsub.secured.SecuredCluster.USER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;

/** Applications on servers that want TLS, a certificate of the client, and a user with no more permissions than are needed. */
@LiveTest
@ExtendWith(SecuredClusterResolver.class)
class SecuredConnectionTests {

    private final SecuredCluster secured;

    SecuredConnectionTests(SecuredCluster secured) {
        this.secured = secured;
    }

    /** In place of all properties under {@code spring.data.redis} but the client's name. */
    @TestConfiguration(proxyBeanMethods = false)
    static class Details {

        @Bean
        DataRedisConnectionDetails details(@Value("${nodes}") List<String> nodes, SslBundles bundles) {
            return new DataRedisConnectionDetails() {

                @Override
                public String getUsername() {
                    return USER;
                }

                @Override
                public String getPassword() {
                    return PASSWORD;
                }

                @Override
                public @Nullable SslBundle getSslBundle() {
                    return bundles.getBundle("redis");
                }

                @Override
                public Cluster getCluster() {
                    return () -> nodes.stream()
                            .map(node -> node.split(":"))
                            .map(parts -> new Node(parts[0], Integer.parseInt(parts[1])))
                            .toList();
                }
            };
        }
    }

    @Test
    void thePermissionsOfTheDocumentsAreAllThatIsNeeded() {
        this.secured.onEachNode("ACL", "LOG", "RESET");
        try (SecuredApplication application = SecuredApplication.start(
                this.secured.connection(),
                "spring.data.redis.username=" + USER,
                "spring.data.redis.password=" + PASSWORD,
                "spring.data.redis.lettuce.cluster.refresh.period=1s",
                "sharded-pubsub.audit-interval=1s",
                "sharded-pubsub.probe.interval=1s")) {
            application.requireDelivery();
            application.awaitHealthy();
            application.moveSlots(this.secured.cluster());
            application.requireDelivery();
            // audits, probes, looks at migrating slots and at the topology
            await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
            application.awaitHealthy();
            application.requireDelivery();
        }
        assertThat(this.secured.denied()).isEmpty();
    }

    @Test
    void theClientsNameIsThatOfEveryConnection() {
        try (SecuredApplication application = SecuredApplication.start(
                this.secured.connection(),
                "spring.data.redis.username=" + USER,
                "spring.data.redis.password=" + PASSWORD)) {
            application.requireDelivery();
            assertThat(this.secured.listeningConnections())
                    .isNotEmpty()
                    .allSatisfy(line -> assertThat(line).contains("name=" + CLIENT_NAME + " ", "user=" + USER + " "));
        }
    }

    @Test
    void connectionDetailsOfABeanAreThoseOfEveryConnection() {
        String[] properties = Arrays.stream(this.secured.connection())
                .filter(property -> !property.startsWith("spring.data.redis.ssl"))
                .map(property -> property.replace("spring.data.redis.cluster.nodes", "nodes"))
                .toArray(String[]::new);
        try (SecuredApplication application = SecuredApplication.start(Details.class, properties)) {
            application.requireDelivery();
            application.moveSlots(this.secured.cluster());
            application.requireDelivery();
            application.awaitHealthy();
        }
    }
}
