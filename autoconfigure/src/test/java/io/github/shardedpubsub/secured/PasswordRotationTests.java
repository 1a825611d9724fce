package io.github.shardedpubsub.secured;

import static io.github.shardedpubsub.secured.SecuredApplication.RECOVERY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.lettuce.core.ClientOptions.ReauthenticateBehavior;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisCredentialsProvider;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Passwords and users that change while the application runs, told by a credentials provider. */
@LiveTest
@ExtendWith(SecuredClusterResolver.class)
class PasswordRotationTests {

    private final SecuredCluster secured;

    PasswordRotationTests(SecuredCluster secured) {
        this.secured = secured;
    }

    /** Credentials that are fetched for each connection. */
    @TestConfiguration(proxyBeanMethods = false)
    static class Vault implements RedisCredentialsProviderFactory {

        volatile String password = "secret";

        @Bean
        LettuceClientConfigurationBuilderCustomizer credentials() {
            return builder -> builder.redisCredentialsProviderFactory(this);
        }

        @Override
        public RedisCredentialsProvider createCredentialsProvider(RedisConfiguration configuration) {
            return () -> Mono.fromSupplier(() -> RedisCredentials.just("rotated", this.password));
        }
    }

    /** Credentials that are told to connections that stand. */
    @TestConfiguration(proxyBeanMethods = false)
    static class StreamingVault implements RedisCredentialsProviderFactory {

        final Sinks.Many<RedisCredentials> credentials =
                Sinks.many().replay().latestOrDefault(RedisCredentials.just("first", "secret"));

        @Bean
        LettuceClientConfigurationBuilderCustomizer credentials() {
            return builder -> builder.redisCredentialsProviderFactory(this);
        }

        @Bean
        LettuceClientOptionsBuilderCustomizer reauthenticate() {
            return builder -> builder.reauthenticateBehavior(ReauthenticateBehavior.ON_NEW_CREDENTIALS);
        }

        @Override
        public RedisCredentialsProvider createCredentialsProvider(RedisConfiguration configuration) {
            return new RedisCredentialsProvider() {

                @Override
                public Mono<RedisCredentials> resolveCredentials() {
                    return StreamingVault.this.credentials.asFlux().next();
                }

                @Override
                public boolean supportsStreaming() {
                    return true;
                }

                @Override
                public Flux<RedisCredentials> credentials() {
                    return StreamingVault.this.credentials.asFlux();
                }
            };
        }
    }

    @Test
    void aRotatedPasswordIsTakenForEveryConnectionFromThenOn() {
        this.secured.createUser("rotated");
        try (SecuredApplication application = SecuredApplication.start(Vault.class, this.secured.connection())) {
            application.requireDelivery();
            Vault vault = application.context().getBean(Vault.class);
            this.secured.onEachNode("ACL", "SETUSER", "rotated", "resetpass", ">second");
            // what stands goes on standing
            application.requireDelivery();
            assertThat(application.interruptions()).isEmpty();
            vault.password = "second";

            this.secured.killApplicationConnections();
            application.requireDelivery();
            application.awaitHealthy();
        }
    }

    @Test
    void aPasswordThatIsWrongIsSaidInHealthAndTriedSeldomUntilItIsRight() {
        this.secured.createUser("rotated");
        try (SecuredApplication application = SecuredApplication.start(Vault.class, this.secured.connection())) {
            application.requireDelivery();
            this.secured.onEachNode("ACL", "SETUSER", "rotated", "resetpass", ">second");
            this.secured.killApplicationConnections();
            application.awaitDown("WRONGPASS");
            await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
            long attempts = this.secured.connectionsReceived();
            await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
            // a listener's, one to look at the topology, and those of the publisher, each at most every max-backoff
            assertThat(this.secured.connectionsReceived() - attempts)
                    .as("attempts at three nodes in two seconds")
                    .isBetween(1L, 40L);

            application.context().getBean(Vault.class).password = "second";
            application.requireDelivery();
            application.awaitHealthy();
        }
    }

    @Test
    void newCredentialsAreToldToConnectionsThatStandWhereThatIsAskedFor() {
        this.secured.createUser("first");
        this.secured.createUser("next");
        StreamingVault vault;
        try (SecuredApplication application =
                SecuredApplication.start(StreamingVault.class, this.secured.connection())) {
            application.requireDelivery();
            vault = application.context().getBean(StreamingVault.class);
            assertThat(this.secured.listeningConnections()).isNotEmpty().allMatch(line -> line.contains("user=first "));

            vault.credentials.tryEmitNext(RedisCredentials.just("next", "secret"));

            await().atMost(RECOVERY)
                    .untilAsserted(() -> assertThat(this.secured.listeningConnections())
                            .allMatch(line -> line.contains("user=next ")));
            // closes what is authenticated as that user
            this.secured.onEachNode("ACL", "DELUSER", "first");
            application.requireDelivery();
            assertThat(application.interruptions()).isEmpty();
            application.moveSlots(this.secured.cluster());
            application.requireDelivery();
            application.awaitHealthy();
        }
        await().atMost(RECOVERY).until(() -> vault.credentials.currentSubscriberCount() == 0);
    }
}
