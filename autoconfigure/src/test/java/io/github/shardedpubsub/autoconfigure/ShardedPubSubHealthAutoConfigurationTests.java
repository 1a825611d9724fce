package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.health.registry.HealthContributorRegistry;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class ShardedPubSubHealthAutoConfigurationTests {

    private final ApplicationContextRunner withoutSubscriptions = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    HealthContributorAutoConfiguration.class,
                    HealthContributorRegistryAutoConfiguration.class,
                    ShardedPubSubHealthAutoConfiguration.class));

    private final ApplicationContextRunner runner = this.withoutSubscriptions.withBean(
            ShardSubscriptions.class,
            () -> new FakeShardSubscriptions()
                    .with(new ChannelStatus(
                            "orders", 42, ChannelState.WANTED, Instant.now().minusSeconds(60), null, null, 0, null)));

    @Test
    void registersTheIndicatorAsShardedPubSub() {
        this.runner.run(context -> assertThat(
                        context.getBean(HealthContributorRegistry.class).getContributor("shardedPubSub"))
                .isInstanceOf(ShardedPubSubHealthIndicator.class));
    }

    @Test
    void aChannelIsOverdueAfterFiveSeconds() {
        this.runner.run(context -> {
            Health health = context.getBean(ShardedPubSubHealthIndicator.class).health();
            assertThat(health.getStatus()).isEqualTo(Status.DOWN);
            assertThat(health.getDetails()).containsEntry("patienceMillis", 5000L);
        });
    }

    @Test
    void thePatienceIsAProperty() {
        this.runner
                .withPropertyValues("sharded-pubsub.health.patience=2m")
                .run(context -> assertThat(context.getBean(ShardedPubSubHealthIndicator.class)
                                .health()
                                .getStatus())
                        .isEqualTo(Status.UP));
    }

    @Test
    void howManyChannelsAreToleratedIsAProperty() {
        this.runner
                .withPropertyValues("sharded-pubsub.health.tolerated-channels=1")
                .run(context -> assertThat(context.getBean(ShardedPubSubHealthIndicator.class)
                                .health()
                                .getStatus())
                        .isEqualTo(Status.UP));
        this.runner
                .withPropertyValues("sharded-pubsub.health.tolerated-channels=-1")
                .run(context -> assertThat(context).getFailure().rootCause().hasMessage("It must not be negative"));
    }

    @Test
    void canBeSwitchedOff() {
        this.runner
                .withPropertyValues("management.health.shardedpubsub.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(ShardedPubSubHealthIndicator.class));
    }

    @Test
    void backsOffForAnIndicatorOfTheApplication() {
        this.runner
                .withBean(
                        "shardedPubSubHealthContributor",
                        HealthIndicator.class,
                        () -> () -> Health.up().build())
                .run(context -> assertThat(context).doesNotHaveBean(ShardedPubSubHealthIndicator.class));
    }

    @Test
    void withoutSubscriptionsThereIsNoIndicator() {
        this.withoutSubscriptions.run(
                context -> assertThat(context).hasNotFailed().doesNotHaveBean(ShardedPubSubHealthIndicator.class));
    }
}
