package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.context.annotation.Configuration;

/**
 * An application without all or some of what health, metrics and endpoint need. The auto-configurations are imported by their names
 * and not by their classes, as an application does it: it is there that a missing class would do harm.
 */
class OptionalOperationsTests {

    private static final String HEALTH = "shardedPubSubHealthIndicator";

    private static final String METRICS = "shardSubscriptionMetrics";

    private static final String ENDPOINT = "shardedPubSubEndpoint";

    private void runWithout(ContextConsumer<AssertableApplicationContext> test, String... packages) {
        new ApplicationContextRunner()
                .withUserConfiguration(Application.class)
                .withBean(ShardSubscriptions.class, FakeShardSubscriptions::new)
                .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
                .withPropertyValues(
                        "spring.data.redis.cluster.nodes=127.0.0.1:1",
                        "sharded-pubsub.listener.auto-startup=false",
                        "management.endpoints.web.exposure.include=*")
                .withClassLoader(new FilteredClassLoader(packages))
                .run(test);
    }

    @Test
    void withEverythingThereIsEverything() {
        runWithout(
                context -> assertThat(context)
                        .hasNotFailed()
                        .hasBean(HEALTH)
                        .hasBean(METRICS)
                        .hasBean(ENDPOINT),
                "no.such.package");
    }

    @Test
    void withoutActuatorThereAreHealthAndMetrics() {
        runWithout(
                context -> assertThat(context)
                        .hasNotFailed()
                        .hasBean(HEALTH)
                        .hasBean(METRICS)
                        .doesNotHaveBean(ENDPOINT),
                "org.springframework.boot.actuate");
    }

    @Test
    void withoutTheHealthModuleThereAreMetricsAndEndpoint() {
        runWithout(
                context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(HEALTH)
                        .hasBean(METRICS)
                        .hasBean(ENDPOINT),
                "org.springframework.boot.health");
    }

    @Test
    void withoutMicrometerThereAreHealthAndEndpoint() {
        runWithout(
                context -> assertThat(context)
                        .hasNotFailed()
                        .hasBean(HEALTH)
                        .doesNotHaveBean(METRICS)
                        .hasBean(ENDPOINT),
                "io.micrometer.core",
                "org.springframework.boot.micrometer");
    }

    @Test
    void withoutBootsMetricsModuleThereAreHealthAndEndpoint() {
        runWithout(
                context -> assertThat(context)
                        .hasNotFailed()
                        .hasBean(HEALTH)
                        .doesNotHaveBean(METRICS)
                        .hasBean(ENDPOINT),
                "org.springframework.boot.micrometer");
    }

    @Test
    void withoutAnyOfThemNothingFails() {
        runWithout(
                context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(HEALTH)
                        .doesNotHaveBean(METRICS)
                        .doesNotHaveBean(ENDPOINT)
                        .hasSingleBean(ShardSubscriptions.class),
                "org.springframework.boot.actuate",
                "org.springframework.boot.health",
                "org.springframework.boot.micrometer",
                "io.micrometer.core");
    }

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        DataRedisAutoConfiguration.class,
        ShardedPubSubAutoConfiguration.class,
        ShardedPubSubHealthAutoConfiguration.class,
        ShardedPubSubMetricsAutoConfiguration.class,
        ShardedPubSubEndpointAutoConfiguration.class
    })
    static class Application {}
}
