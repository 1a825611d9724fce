package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpointJmxExtension;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpointWebExtension;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class ShardedPubSubEndpointAutoConfigurationTests {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(ShardedPubSubEndpointAutoConfiguration.class))
            .withBean(ShardSubscriptions.class, FakeShardSubscriptions::new);

    private final ApplicationContextRunner exposed =
            this.runner.withPropertyValues("management.endpoints.web.exposure.include=shardedpubsub");

    @Test
    void isThereOnceItIsExposed() {
        this.exposed.run(context -> assertThat(context).hasSingleBean(ShardedPubSubEndpoint.class));
    }

    @Test
    void isNotThereWhileNobodyExposesIt() {
        this.runner.run(context -> assertThat(context).doesNotHaveBean(ShardedPubSubEndpoint.class));
    }

    @Test
    void isNotThereWithoutAccess() {
        this.exposed
                .withPropertyValues("management.endpoint.shardedpubsub.access=NONE")
                .run(context -> assertThat(context).doesNotHaveBean(ShardedPubSubEndpoint.class));
    }

    @Test
    void backsOffForAnEndpointOfTheApplication() {
        this.exposed
                .withBean(
                        "own",
                        ShardedPubSubEndpoint.class,
                        () -> new ShardedPubSubEndpoint(new FakeShardSubscriptions()))
                .run(context -> assertThat(context)
                        .getBeanNames(ShardedPubSubEndpoint.class)
                        .containsExactly("own"));
    }

    @Test
    void whatItDoesToNodesAndListenersIsThereInTheFormThatIsExposed() {
        this.exposed.run(context -> assertThat(context)
                .hasSingleBean(ShardedPubSubEndpointWebExtension.class)
                .doesNotHaveBean(ShardedPubSubEndpointJmxExtension.class));
        this.runner
                .withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=*")
                .run(context -> assertThat(context)
                        .hasSingleBean(ShardedPubSubEndpointJmxExtension.class)
                        .doesNotHaveBean(ShardedPubSubEndpointWebExtension.class));
    }

    @Test
    void withoutSubscriptionsThereIsNoEndpoint() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(ShardedPubSubEndpointAutoConfiguration.class))
                .withPropertyValues("management.endpoints.web.exposure.include=shardedpubsub")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(ShardedPubSubEndpoint.class));
    }
}
