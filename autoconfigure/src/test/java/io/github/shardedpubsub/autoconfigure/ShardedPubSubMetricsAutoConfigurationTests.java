package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.actuate.DeliveryMetrics;
import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.actuate.PublisherMetrics;
import io.github.shardedpubsub.actuate.ShardSubscriptionMetrics;
import io.github.shardedpubsub.actuate.ShardedPubSubMeter;
import io.github.shardedpubsub.listener.DeliveryObserver;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.ShardEventPublisher;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.RecoverySettings;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.listener.ChannelTopic;
import reactor.test.StepVerifier;

class ShardedPubSubMetricsAutoConfigurationTests {

    private final ApplicationContextRunner withoutSubscriptions = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    MetricsAutoConfiguration.class,
                    CompositeMeterRegistryAutoConfiguration.class,
                    ShardedPubSubMetricsAutoConfiguration.class))
            .withBean(MeterRegistry.class, SimpleMeterRegistry::new);

    private final ApplicationContextRunner runner = this.withoutSubscriptions
            .withBean(ShardSubscriptions.class, FakeShardSubscriptions::new)
            .withBean(PubSubFence.class, () -> new PubSubFence(channel -> 0))
            .withBean(
                    ShardEventPublisher.class,
                    () -> new ShardEventPublisher(event -> {}, Clock.systemUTC(), ShardEventPublisher.DEFAULT_CAPACITY))
            .withBean(ShardedPublisher.class, () -> new ShardedPublisher(() -> mock(RedisClusterClient.class), null));

    @Test
    void registersEveryMeter() {
        this.runner
                .withBean(
                        ShardRecovery.class,
                        () -> new ShardRecovery(
                                () -> mock(RedisClusterClient.class),
                                new FakeShardSubscriptions(),
                                RecoverySettings.DEFAULTS))
                .run(context -> assertThat(context.getBean(MeterRegistry.class).getMeters())
                        .extracting(Meter::getId)
                        .extracting(Meter.Id::getName)
                        .containsAll(Arrays.stream(ShardedPubSubMeter.values())
                                .map(ShardedPubSubMeter::getName)
                                .toList()));
    }

    @Test
    void observesTheSubscriptionsOnce() {
        this.runner.run(context -> assertThat(
                        context.getBean(FakeShardSubscriptions.class).observers())
                .isEqualTo(1));
    }

    @Test
    void countsTheMessagesOfTheContainerThoughItIsNoDefaultCandidate() {
        this.runner.withUserConfiguration(ContainerConfiguration.class).run(context -> {
            context.getBean(ObservedContainer.class)
                    .observers
                    .forEach(observer -> observer.received(ChannelName.of("orders")));

            assertThat(context.getBean(MeterRegistry.class)
                            .get("sharded.pubsub.messages")
                            .counter()
                            .count())
                    .isEqualTo(1);
        });
    }

    @Test
    void countsTheMessagesOfTheReactiveContainerToo() {
        var subscriptions = new io.github.shardedpubsub.listener.FakeShardSubscriptions();
        ReactiveShardedRedisMessageListenerContainer container =
                new ReactiveShardedRedisMessageListenerContainer(subscriptions);
        container.setQueueCapacity(1);
        this.runner
                .withBean(ReactiveShardedRedisMessageListenerContainer.class, () -> container)
                .run(context -> {
                    MeterRegistry registry = context.getBean(MeterRegistry.class);
                    StepVerifier.create(container.receive(ChannelTopic.of("orders")), 0)
                            .then(() ->
                                    await().until(() -> !subscriptions.claimed().isEmpty()))
                            .then(() -> subscriptions.message("orders", "tea"))
                            .then(() -> subscriptions.message("orders", "coffee"))
                            .thenRequest(1)
                            .expectNextCount(1)
                            .thenCancel()
                            .verify(Duration.ofSeconds(10));
                    assertThat(registry.get("sharded.pubsub.messages").counter().count())
                            .isEqualTo(2);
                    assertThat(registry.get("sharded.pubsub.dropped").counter().count())
                            .isEqualTo(1);
                });
    }

    @Test
    void metersCanBeSwitchedOffAsAnyOther() {
        this.runner
                .withPropertyValues("management.metrics.enable.sharded.pubsub=false")
                .run(context -> assertThat(context.getBean(MeterRegistry.class).getMeters())
                        .extracting(meter -> meter.getId().getName())
                        .noneMatch(name -> name.startsWith("sharded.pubsub")));
    }

    @Test
    void backsOffForMetricsOfTheApplication() {
        this.runner
                .withBean(
                        "own",
                        ShardSubscriptionMetrics.class,
                        () -> new ShardSubscriptionMetrics(new FakeShardSubscriptions()))
                .withBean("ownDelivery", DeliveryMetrics.class, () -> new DeliveryMetrics(List.of()))
                .withBean("ownPublishing", PublisherMetrics.class, () -> new PublisherMetrics(List.of()))
                .run(context -> {
                    assertThat(context)
                            .getBeanNames(ShardSubscriptionMetrics.class)
                            .containsExactly("own");
                    assertThat(context).getBeanNames(DeliveryMetrics.class).containsExactly("ownDelivery");
                    assertThat(context).getBeanNames(PublisherMetrics.class).containsExactly("ownPublishing");
                });
    }

    @Test
    void withoutSubscriptionsThereAreNoMeters() {
        this.withoutSubscriptions.run(context -> assertThat(context)
                .hasNotFailed()
                .doesNotHaveBean(ShardSubscriptionMetrics.class)
                .doesNotHaveBean(DeliveryMetrics.class)
                .doesNotHaveBean(PublisherMetrics.class));
    }

    @Test
    void withoutARegistryNothingFails() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(ShardedPubSubMetricsAutoConfiguration.class))
                .withBean(ShardSubscriptions.class, FakeShardSubscriptions::new)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(ShardSubscriptionMetrics.class));
    }

    @Configuration(proxyBeanMethods = false)
    static class ContainerConfiguration {

        @Bean(name = ShardedRedisMessageListenerContainer.BEAN_NAME, defaultCandidate = false)
        ObservedContainer container(ShardSubscriptions subscriptions) {
            return new ObservedContainer(subscriptions);
        }
    }

    static class ObservedContainer extends ShardedRedisMessageListenerContainer {

        private final List<DeliveryObserver> observers = new ArrayList<>();

        ObservedContainer(ShardSubscriptions subscriptions) {
            super(subscriptions);
            setAutoStartup(false);
        }

        @Override
        public void addDeliveryObserver(DeliveryObserver observer) {
            this.observers.add(observer);
        }

        @Override
        public void afterPropertiesSet() {
            // It never connects.
        }
    }
}
