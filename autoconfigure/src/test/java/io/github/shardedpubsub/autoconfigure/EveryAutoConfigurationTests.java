package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.DeliveryMetrics;
import io.github.shardedpubsub.actuate.LettuceFenceMetrics;
import io.github.shardedpubsub.actuate.PublisherMetrics;
import io.github.shardedpubsub.actuate.ShardSubscriptionMetrics;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.listener.DeliveryInterceptor;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.publisher.PublishInterceptor;
import io.github.shardedpubsub.publisher.ReactiveShardedPublisher;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

/**
 * All auto-configurations together, in an application that has no cluster to connect to. They are imported by their names and not by
 * their classes, as an application does it: it is there that a missing class would do harm.
 */
class EveryAutoConfigurationTests {

    private static final List<Class<?>> SUBSCRIBING =
            List.of(ShardSubscriptions.class, ShardedRedisMessageListenerContainer.class);

    private static final List<Class<?>> PUBLISHING = List.of(ShardedPublisher.class);

    private static final List<Class<?>> REACTIVE =
            List.of(ReactiveShardedPublisher.class, ReactiveShardedRedisMessageListenerContainer.class);

    private static final List<Class<?>> FENCING = List.of(PubSubFence.class);

    private static final List<Class<?>> HEALTH = List.of(ShardedPubSubHealthIndicator.class);

    private static final List<Class<?>> ENDPOINT = List.of(ShardedPubSubEndpoint.class);

    private static final List<Class<?>> METRICS = List.of(
            ShardSubscriptionMetrics.class, DeliveryMetrics.class, PublisherMetrics.class, LettuceFenceMetrics.class);

    private static final List<Class<?>> OBSERVATION = List.of(PublishInterceptor.class, DeliveryInterceptor.class);

    private static final List<List<Class<?>>> ALL =
            List.of(SUBSCRIBING, PUBLISHING, REACTIVE, FENCING, HEALTH, ENDPOINT, METRICS, OBSERVATION);

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        DataRedisAutoConfiguration.class,
        ShardedPubSubAutoConfiguration.class,
        ShardedPubSubReactiveAutoConfiguration.class,
        ShardedPubSubLettuceAutoConfiguration.class,
        ShardedPubSubHealthAutoConfiguration.class,
        ShardedPubSubMetricsAutoConfiguration.class,
        ShardedPubSubObservationAutoConfiguration.class,
        ShardedPubSubEndpointAutoConfiguration.class
    })
    static class Application {}

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withUserConfiguration(Application.class)
            .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
            .withPropertyValues(
                    "spring.data.redis.cluster.nodes=127.0.0.1:1",
                    "sharded-pubsub.subscription-timeout=100ms",
                    "sharded-pubsub.observation.enabled=true",
                    "management.endpoints.web.exposure.include=*");

    static Stream<Arguments> librariesAndWhatIsNotThereWithoutThem() {
        return Stream.of(
                Arguments.of("no.such.package", List.of()),
                Arguments.of("org.springframework.messaging", List.of()),
                Arguments.of("tools.jackson", List.of()),
                Arguments.of("reactor.core", List.of(REACTIVE)),
                Arguments.of("org.springframework.boot.actuate.autoconfigure", List.of(ENDPOINT)),
                Arguments.of("org.springframework.boot.actuate", List.of(ENDPOINT)),
                Arguments.of("org.springframework.boot.health", List.of(HEALTH)),
                Arguments.of("org.springframework.boot.micrometer", List.of(METRICS)),
                Arguments.of("io.micrometer.core", List.of(METRICS)),
                Arguments.of("io.micrometer.observation", List.of(OBSERVATION)));
    }

    @ParameterizedTest(name = "without {0}")
    @MethodSource("librariesAndWhatIsNotThereWithoutThem")
    void withoutAnOptionalLibraryThereIsAllThatDoesNotNeedIt(String library, List<List<Class<?>>> missing) {
        this.application.withClassLoader(new FilteredClassLoader(library)).run(context -> {
            assertThat(context).hasNotFailed();
            ALL.forEach(feature -> assertThat(feature)
                    .allSatisfy(type -> assertThat(context.getBeanNamesForType(type))
                            .as(type.getSimpleName())
                            .hasSize(missing.contains(feature) ? 0 : 1)));
        });
    }

    @Test
    void withoutAnyOptionalLibraryThereIsSubscribingAndPublishing() {
        this.application
                .withClassLoader(new FilteredClassLoader(
                        "org.springframework.messaging",
                        "tools.jackson",
                        "reactor.core",
                        "org.springframework.boot.actuate",
                        "org.springframework.boot.health",
                        "org.springframework.boot.micrometer",
                        "io.micrometer"))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context).hasSingleBean(ShardSubscriptions.class);
                    assertThat(context).hasSingleBean(ShardedPublisher.class);
                    assertThat(context).doesNotHaveBean(ReactiveShardedRedisMessageListenerContainer.class);
                    assertThat(context).doesNotHaveBean(ShardedPubSubHealthIndicator.class);
                    assertThat(context).doesNotHaveBean(ShardSubscriptionMetrics.class);
                    assertThat(context).doesNotHaveBean(ShardedPubSubEndpoint.class);
                    assertThat(context).doesNotHaveBean(PublishInterceptor.class);
                });
    }

    @Test
    void switchedOffTheyLeaveNothingButTheContainerThatAnnotatedListenersName() {
        this.application.withPropertyValues("sharded-pubsub.enabled=false").run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(ourBeans(context))
                    .containsExactlyInAnyOrder(
                            ShardedRedisMessageListenerContainer.BEAN_NAME,
                            "sharded-pubsub-" + ShardedPubSubProperties.class.getName());
            assertThat(context.getBean(ShardedRedisMessageListenerContainer.BEAN_NAME))
                    .isInstanceOf(SilentListenerContainer.class);
            assertThat(context.getBean(MeterRegistry.class).getMeters())
                    .noneMatch(meter -> meter.getId().getName().startsWith("sharded"));
        });
    }

    /** Beans of our types, but for the configurations themselves. */
    private static List<String> ourBeans(AssertableApplicationContext context) {
        return Arrays.stream(context.getBeanDefinitionNames())
                .filter(name -> {
                    Class<?> type = Objects.requireNonNull(context.getType(name));
                    return type.getName().startsWith("io.github.shardedpubsub.")
                            && !type.isAnnotationPresent(Configuration.class)
                            && !type.isAnnotationPresent(AutoConfiguration.class)
                            && type != Application.class;
                })
                .toList();
    }

    @Test
    void allAreToBeFoundByAnApplication() {
        List<String> found = new ArrayList<>();
        ImportCandidates.load(AutoConfiguration.class, getClass().getClassLoader())
                .forEach(found::add);
        assertThat(found)
                .contains(
                        ShardedPubSubAutoConfiguration.class.getName(),
                        ShardedPubSubReactiveAutoConfiguration.class.getName(),
                        ShardedPubSubLettuceAutoConfiguration.class.getName(),
                        ShardedPubSubHealthAutoConfiguration.class.getName(),
                        ShardedPubSubMetricsAutoConfiguration.class.getName(),
                        ShardedPubSubObservationAutoConfiguration.class.getName(),
                        ShardedPubSubEndpointAutoConfiguration.class.getName());
    }
}
