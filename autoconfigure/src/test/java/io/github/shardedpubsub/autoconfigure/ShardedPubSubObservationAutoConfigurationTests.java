package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.listener.DeliveryInterceptor;
import io.github.shardedpubsub.listener.FakeShardSubscriptions;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.observation.DefaultShardProcessObservationConvention;
import io.github.shardedpubsub.observation.DefaultShardPublishObservationConvention;
import io.github.shardedpubsub.observation.HeaderEnvelope;
import io.github.shardedpubsub.observation.HeaderHandler;
import io.github.shardedpubsub.observation.ObservedDelivery;
import io.github.shardedpubsub.observation.ObservedPublishing;
import io.github.shardedpubsub.observation.PayloadEnvelope;
import io.github.shardedpubsub.observation.ShardProcessObservationConvention;
import io.github.shardedpubsub.observation.ShardPublishObservationConvention;
import io.github.shardedpubsub.publisher.PublishInterceptor;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.redis.listener.ChannelTopic;

class ShardedPubSubObservationAutoConfigurationTests {

    private static final byte[] TEA = "tea".getBytes(StandardCharsets.UTF_8);

    private static final byte[] WRAPPED = new HeaderEnvelope().wrap("orders", Map.of("traceparent", "1-2"), TEA);

    private final TestObservationRegistry registry = TestObservationRegistry.create();

    private final ApplicationContextRunner withoutRegistry = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    ShardedPubSubAutoConfiguration.class,
                    ShardedPubSubReactiveAutoConfiguration.class,
                    ShardedPubSubObservationAutoConfiguration.class))
            .withPropertyValues("spring.data.redis.cluster.nodes=127.0.0.1:1")
            .withBean("subscriptions", FakeShardSubscriptions.class)
            .withBean(Orders.class);

    private final ApplicationContextRunner runner =
            this.withoutRegistry.withBean(ObservationRegistry.class, () -> this.registry);

    static class Orders {

        final List<String> received = new CopyOnWriteArrayList<>();

        @ShardedRedisListener(topic = "orders", id = "kitchen")
        void order(String order) {
            this.received.add(order);
        }
    }

    private static void receive(AssertableApplicationContext context, byte[] payload, String order) {
        context.getBean(FakeShardSubscriptions.class).message("orders", payload);
        await().untilAsserted(
                        () -> assertThat(context.getBean(Orders.class).received).contains(order));
    }

    private static void publish(AssertableApplicationContext context) {
        ShardedPublisher publisher = context.getBean(ShardedPublisher.class);
        publisher.close();
        assertThat(publisher.publishAsync("orders", "tea")).isCompletedExceptionally();
    }

    private static byte[] sent(AssertableApplicationContext context, byte[] payload) {
        return Objects.requireNonNull(context.getBean(PublishInterceptor.class).begin("orders", payload, null))
                .payload();
    }

    @Test
    void byDefaultThereIsNothingAroundPublishingAndListeners() {
        this.runner.run(context -> {
            assertThat(context).doesNotHaveBean(PublishInterceptor.class);
            assertThat(context).doesNotHaveBean(DeliveryInterceptor.class);
            assertThat(context.getBean(ShardedPublisher.class))
                    .extracting("interceptor")
                    .isNull();
            assertThat(context.getBean(ShardedRedisMessageListenerContainer.BEAN_NAME))
                    .extracting("calls.interceptor")
                    .isNull();
            assertThat(context.getBean(ReactiveShardedRedisMessageListenerContainer.class))
                    .extracting("calls.interceptor")
                    .isNull();
            receive(context, TEA, "tea");
            publish(context);
            assertThat(this.registry).doesNotHaveAnyObservation();
        });
    }

    @Test
    void switchedOnItObservesPublishingAndListeners() {
        this.runner
                .withPropertyValues("sharded-pubsub.observation.enabled=true")
                .run(context -> {
                    publish(context);
                    receive(context, TEA, "tea");
                    assertThat(this.registry)
                            .hasObservationWithNameEqualTo("sharded.pubsub.publish")
                            .that()
                            .hasError();
                    await().untilAsserted(() -> assertThat(this.registry)
                            .hasObservationWithNameEqualTo("sharded.pubsub.process")
                            .that()
                            .hasBeenStopped()
                            .hasLowCardinalityKeyValue("sharded.pubsub.listener.id", "kitchen"));
                });
    }

    @Test
    void switchedOnItObservesTheReactiveContainerToo() {
        this.runner
                .withPropertyValues("sharded-pubsub.observation.enabled=true")
                .run(context -> {
                    FakeShardSubscriptions subscriptions = context.getBean(FakeShardSubscriptions.class);
                    context.getBean(ReactiveShardedRedisMessageListenerContainer.class)
                            .receive(ChannelTopic.of("invoices"))
                            .subscribe();
                    await().until(() -> subscriptions.claimed().contains("invoices"));
                    subscriptions.message("invoices", "1");
                    await().untilAsserted(() -> assertThat(this.registry)
                            .hasObservationWithNameEqualTo("sharded.pubsub.process")
                            .that()
                            .hasHighCardinalityKeyValue("messaging.destination.name", "invoices"));
                });
    }

    @Test
    void switchedOnWithoutARegistryNothingFails() {
        this.withoutRegistry
                .withPropertyValues("sharded-pubsub.observation.enabled=true")
                .run(context -> {
                    publish(context);
                    receive(context, TEA, "tea");
                });
    }

    @Test
    void isNotThereWithoutMicrometer() {
        this.withoutRegistry
                .withClassLoader(new FilteredClassLoader("io.micrometer.observation"))
                .withPropertyValues("sharded-pubsub.observation.enabled=true")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context).doesNotHaveBean(PublishInterceptor.class);
                    receive(context, TEA, "tea");
                });
    }

    @Test
    void conventionsAreReplacedByBeans() {
        this.runner
                .withPropertyValues("sharded-pubsub.observation.enabled=true")
                .withBean(
                        ShardPublishObservationConvention.class, () -> new DefaultShardPublishObservationConvention() {

                            @Override
                            public String getName() {
                                return "own.publish";
                            }
                        })
                .withBean(
                        ShardProcessObservationConvention.class, () -> new DefaultShardProcessObservationConvention() {

                            @Override
                            public String getName() {
                                return "own.process";
                            }
                        })
                .run(context -> {
                    publish(context);
                    receive(context, TEA, "tea");
                    assertThat(this.registry)
                            .hasObservationWithNameEqualTo("own.publish")
                            .that()
                            .hasBeenStopped();
                    assertThat(this.registry)
                            .hasObservationWithNameEqualTo("own.process")
                            .that()
                            .hasBeenStarted();
                });
    }

    @Test
    void observingAloneChangesNoPayload() {
        this.registry.observationConfig().observationHandler(new HeaderHandler());
        this.runner
                .withPropertyValues("sharded-pubsub.observation.enabled=true")
                .run(context -> {
                    assertThat(sent(context, TEA)).isSameAs(TEA);
                    receive(context, WRAPPED, new String(WRAPPED, StandardCharsets.UTF_8));
                });
    }

    @Test
    void acceptingTakesEnvelopesAndSendsNone() {
        this.registry.observationConfig().observationHandler(new HeaderHandler());
        this.runner
                .withPropertyValues(
                        "sharded-pubsub.observation.enabled=true", "sharded-pubsub.observation.propagation=accept")
                .run(context -> {
                    assertThat(sent(context, TEA)).isSameAs(TEA);
                    receive(context, WRAPPED, "tea");
                    receive(context, "coffee".getBytes(StandardCharsets.UTF_8), "coffee");
                });
    }

    @Test
    void sendingSendsEnvelopesAndTakesThemToo() {
        this.registry.observationConfig().observationHandler(new HeaderHandler());
        this.runner
                .withPropertyValues(
                        "sharded-pubsub.observation.enabled=true", "sharded-pubsub.observation.propagation=send")
                .run(context -> {
                    assertThat(sent(context, TEA)).isEqualTo(WRAPPED);
                    receive(context, WRAPPED, "tea");
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"accept", "send", "ACCEPT"})
    void envelopesAreAcceptedThoughNothingIsObserved(String propagation) {
        this.runner
                .withPropertyValues("sharded-pubsub.observation.propagation=" + propagation)
                .run(context -> {
                    receive(context, WRAPPED, "tea");
                    publish(context);
                    assertThat(this.registry).doesNotHaveAnyObservation();
                });
    }

    @Test
    void theEnvelopeIsReplacedByABean() {
        PayloadEnvelope exclamation = new PayloadEnvelope() {

            @Override
            public byte[] wrap(String channel, Map<String, String> headers, byte[] payload) {
                return (new String(payload, StandardCharsets.UTF_8) + "!").getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public @Nullable Content unwrap(String channel, byte[] received) {
                String text = new String(received, StandardCharsets.UTF_8);
                return text.endsWith("!")
                        ? new Content(
                                Map.of(), text.substring(0, text.length() - 1).getBytes(StandardCharsets.UTF_8))
                        : null;
            }
        };
        this.runner
                .withPropertyValues("sharded-pubsub.observation.propagation=send")
                .withBean(PayloadEnvelope.class, () -> exclamation)
                .run(context -> {
                    assertThat(sent(context, TEA)).asString().isEqualTo("tea!");
                    receive(context, "tea!".getBytes(StandardCharsets.UTF_8), "tea");
                });
    }

    @Test
    void backsOffForInterceptorsOfTheApplication() {
        this.runner
                .withPropertyValues("sharded-pubsub.observation.enabled=true")
                .withBean("own", PublishInterceptor.class, () -> (channel, payload, caller) -> null)
                .withBean("ownDelivery", DeliveryInterceptor.class, () -> (channel, listener, payload) -> null)
                .run(context -> {
                    assertThat(context).doesNotHaveBean(ObservedPublishing.class);
                    assertThat(context).doesNotHaveBean(ObservedDelivery.class);
                    assertThat(context.getBean(ShardedPublisher.class))
                            .extracting("interceptor")
                            .isSameAs(context.getBean("own"));
                    receive(context, TEA, "tea");
                    assertThat(this.registry).doesNotHaveAnyObservation();
                });
    }

    @Test
    void withMetricsEachObservationIsATimerBesideOurMeters() {
        this.withoutRegistry
                .withConfiguration(AutoConfigurations.of(
                        MetricsAutoConfiguration.class,
                        CompositeMeterRegistryAutoConfiguration.class,
                        ObservationAutoConfiguration.class,
                        ShardedPubSubMetricsAutoConfiguration.class))
                .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
                .withPropertyValues("sharded-pubsub.observation.enabled=true")
                .run(context -> {
                    publish(context);
                    receive(context, TEA, "tea");
                    MeterRegistry meters = context.getBean(MeterRegistry.class);
                    await().untilAsserted(() -> {
                        assertThat(meters.get("sharded.pubsub.publish")
                                        .tag("sharded.pubsub.outcome", "refused")
                                        .timer()
                                        .count())
                                .isEqualTo(1);
                        assertThat(meters.get("sharded.pubsub.process")
                                        .tag("sharded.pubsub.listener.id", "kitchen")
                                        .timer()
                                        .count())
                                .isEqualTo(1);
                        assertThat(meters.get("sharded.pubsub.listener")
                                        .tag("outcome", "success")
                                        .timer()
                                        .count())
                                .isEqualTo(1);
                    });
                    assertThat(meters.get("sharded.pubsub.process")
                                    .timer()
                                    .getId()
                                    .getTag("messaging.destination.name"))
                            .isNull();
                });
    }

    @Test
    void bootsPropertySwitchesObservationsOffAsAnyOthers() {
        this.withoutRegistry
                .withConfiguration(AutoConfigurations.of(
                        MetricsAutoConfiguration.class,
                        CompositeMeterRegistryAutoConfiguration.class,
                        ObservationAutoConfiguration.class))
                .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
                .withPropertyValues(
                        "sharded-pubsub.observation.enabled=true",
                        "sharded-pubsub.observation.propagation=send",
                        "management.observations.enable.sharded.pubsub.process=false")
                .run(context -> {
                    receive(context, WRAPPED, "tea");
                    publish(context);
                    MeterRegistry meters = context.getBean(MeterRegistry.class);
                    assertThat(meters.find("sharded.pubsub.process").timer()).isNull();
                    assertThat(meters.find("sharded.pubsub.publish").timer()).isNotNull();
                });
    }
}
