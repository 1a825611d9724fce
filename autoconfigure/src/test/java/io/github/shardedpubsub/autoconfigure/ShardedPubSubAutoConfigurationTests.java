package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.autoconfigure.UnsupportedRedisException.Requirement;
import io.github.shardedpubsub.listener.FakeShardSubscriptions;
import io.github.shardedpubsub.listener.OverflowPolicy;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.ShardEventPublisher;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.publisher.PublisherSettings;
import io.github.shardedpubsub.publisher.ReactiveShardedPublisher;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ResubscribeMode;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.protocol.ProtocolVersion;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.reactivestreams.Subscription;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.data.redis.annotation.RedisListener;
import org.springframework.data.redis.config.RedisListenerConfigurer;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.serializer.RedisMessageConverters;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.converter.AbstractMessageConverter;
import org.springframework.util.ErrorHandler;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

class ShardedPubSubAutoConfigurationTests {

    private final ApplicationContextRunner unconfigured = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    ShardedPubSubAutoConfiguration.class,
                    ShardedPubSubReactiveAutoConfiguration.class));

    /** With a cluster that is not there, and subscriptions that never ask it. */
    private final ApplicationContextRunner cluster = this.unconfigured
            .withPropertyValues("spring.data.redis.cluster.nodes=127.0.0.1:1")
            .withBean("subscriptions", FakeShardSubscriptions.class);

    private static ShardedRedisMessageListenerContainer container(AssertableApplicationContext context) {
        return context.getBean(
                ShardedRedisMessageListenerContainer.BEAN_NAME, ShardedRedisMessageListenerContainer.class);
    }

    private static void assertUnsupported(AssertableApplicationContext context, Requirement requirement) {
        assertThat(context).hasFailed();
        assertThat(context.getStartupFailure())
                .rootCause()
                .isInstanceOfSatisfying(
                        UnsupportedRedisException.class,
                        ex -> assertThat(ex.getRequirement()).isEqualTo(requirement));
    }

    @Test
    void configuresSubscriptionsContainerAndPublisherForACluster() {
        this.unconfigured
                .withPropertyValues(
                        "spring.data.redis.cluster.nodes=127.0.0.1:1", "sharded-pubsub.subscription-timeout=5s")
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context).hasSingleBean(ShardSubscriptions.class);
                    assertThat(context).hasSingleBean(ShardedRedisMessageListenerContainer.class);
                    assertThat(context).hasSingleBean(ShardedPublisher.class);
                    assertThat(context).hasSingleBean(ReactiveShardedPublisher.class);
                    assertThat(context).hasSingleBean(ReactiveShardedRedisMessageListenerContainer.class);
                    assertThat(container(context).isRunning()).isTrue();
                });
    }

    @Test
    void leavesBootsContainerTheOneThatIsFoundByType() {
        this.cluster.withUserConfiguration(Injected.class).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context.getBean(Injected.class).container)
                    .isSameAs(context.getBean("redisMessageListenerContainer"));
        });
    }

    @Configuration(proxyBeanMethods = false)
    static class Injected {

        final RedisMessageListenerContainer container;

        Injected(RedisMessageListenerContainer container) {
            this.container = container;
        }
    }

    @Test
    void explainsItselfWithoutACluster() {
        this.unconfigured.run(context -> {
            assertUnsupported(context, Requirement.CLUSTER);
            assertThat(context.getStartupFailure())
                    .rootCause()
                    .hasMessageContaining("a single server (localhost:6379)");
        });
    }

    @Test
    void explainsItselfWithSentinel() {
        this.unconfigured
                .withPropertyValues(
                        "spring.data.redis.sentinel.master=main", "spring.data.redis.sentinel.nodes=127.0.0.1:1")
                .run(context -> {
                    assertUnsupported(context, Requirement.CLUSTER);
                    assertThat(context.getStartupFailure()).rootCause().hasMessageContaining("Sentinel");
                });
    }

    @Test
    void explainsItselfWithAnotherClientThanLettuce() {
        this.unconfigured
                .withBean(RedisConnectionFactory.class, () -> mock(RedisConnectionFactory.class))
                .run(context -> assertUnsupported(context, Requirement.LETTUCE));
    }

    @Test
    void explainsItselfWithResp2() {
        this.unconfigured
                .withPropertyValues("spring.data.redis.cluster.nodes=127.0.0.1:1")
                .withBean(
                        LettuceClientOptionsBuilderCustomizer.class,
                        () -> options -> options.protocolVersion(ProtocolVersion.RESP2))
                .run(context -> assertUnsupported(context, Requirement.RESP3));
    }

    @Test
    void isSwitchedOffByItsProperty() {
        this.unconfigured.withPropertyValues("sharded-pubsub.enabled=false").run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context).doesNotHaveBean(ShardSubscriptions.class);
            assertThat(context).doesNotHaveBean(ShardedRedisMessageListenerContainer.class);
            assertThat(context).doesNotHaveBean(ShardedPublisher.class);
            assertThat(context).doesNotHaveBean(ReactiveShardedPublisher.class);
            assertThat(context).doesNotHaveBean(ReactiveShardedRedisMessageListenerContainer.class);
        });
    }

    @Test
    void withoutReactorThereIsNothingReactive() {
        this.cluster.withClassLoader(new FilteredClassLoader(Flux.class)).run(context -> {
            assertThat(context).hasNotFailed();
            assertThat(context).hasSingleBean(ShardedPublisher.class);
            assertThat(context).doesNotHaveBean(ReactiveShardedPublisher.class);
            assertThat(context).doesNotHaveBean(ReactiveShardedRedisMessageListenerContainer.class);
        });
    }

    @Test
    void configuresTheReactiveContainerAsListenersAre() {
        this.cluster
                .withBean("mine", TaskExecutor.class, () -> new SimpleAsyncTaskExecutor("mine-"))
                .withPropertyValues(
                        "sharded-pubsub.listener.queue-capacity=7",
                        "sharded-pubsub.listener.overflow=block",
                        "sharded-pubsub.listener.shutdown-timeout=3s",
                        "sharded-pubsub.listener.concurrency=5",
                        "sharded-pubsub.listener.task-executor=mine")
                .run(context -> {
                    ReactiveShardedRedisMessageListenerContainer container =
                            context.getBean(ReactiveShardedRedisMessageListenerContainer.class);
                    assertThat(container.isRunning()).isTrue();
                    assertThat(container).extracting("shutdownTimeout").isEqualTo(3000L);
                    assertThat(container).extracting("lanes.concurrency").isEqualTo(5);
                    FakeShardSubscriptions subscriptions = context.getBean(FakeShardSubscriptions.class);
                    CompletableFuture<String> thread = new CompletableFuture<>();
                    container
                            .receive(ChannelTopic.of("a"))
                            .subscribe(message ->
                                    thread.complete(Thread.currentThread().getName()));
                    await().until(() -> subscriptions.claimed().contains("a"));
                    assertThat(container.queueCapacity()).isEqualTo(7);
                    subscriptions.message("a", "x");
                    assertThat(thread.get(5, TimeUnit.SECONDS)).startsWith("mine-");
                    container.receive(ChannelTopic.of("b")).subscribe(new IdleSubscriber());
                    await().until(() -> subscriptions.claimed().contains("b"));
                    IntStream.range(0, 7).forEach(i -> subscriptions.message("b", "x"));
                    assertThat(subscriptions.unread()).containsExactly("b");
                });
    }

    private static final class IdleSubscriber extends BaseSubscriber<Object> {

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // requests nothing
        }
    }

    @Test
    void theReactiveContainerWaitsWithTheOther() {
        this.cluster
                .withPropertyValues("sharded-pubsub.listener.auto-startup=false")
                .run(context -> assertThat(context.getBean(ReactiveShardedRedisMessageListenerContainer.class)
                                .isRunning())
                        .isFalse());
    }

    @Test
    void fluxesCompleteWhenTheApplicationStops() {
        this.cluster.run(context -> {
            CompletableFuture<String> end = new CompletableFuture<>();
            context.getBean(ReactiveShardedRedisMessageListenerContainer.class)
                    .receive(ChannelTopic.of("a"))
                    .subscribe(message -> {}, end::completeExceptionally, () -> end.complete("end"));
            await().until(() ->
                    context.getBean(FakeShardSubscriptions.class).claimed().contains("a"));
            context.getSourceApplicationContext().close();
            assertThat(end).isCompletedWithValue("end");
        });
    }

    @Test
    void annotatedListenersAreSilentWhenItIsSwitchedOff() {
        this.unconfigured
                .withPropertyValues("sharded-pubsub.enabled=false")
                .withBean(OrderListener.class)
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    RedisMessageListenerContainer silent = context.getBean(
                            ShardedRedisMessageListenerContainer.BEAN_NAME, RedisMessageListenerContainer.class);
                    assertThat(silent.isRunning()).isFalse();
                    silent.start();
                    assertThat(silent.isRunning()).isFalse();
                });
    }

    static class OrderListener {

        final CompletableFuture<String> order = new CompletableFuture<>();

        final CompletableFuture<String> invoice = new CompletableFuture<>();

        @ShardedRedisListener("orders")
        void order(String order) {
            this.order.complete(order);
        }

        @RedisListener(topic = "invoices", container = "shardedRedisMessageListenerContainer")
        void invoice(String invoice) {
            this.invoice.complete(invoice);
        }
    }

    @Test
    void claimsTheChannelsOfAllAnnotatedListenersAtOnce() {
        this.cluster.withBean(OrderListener.class).run(context -> {
            FakeShardSubscriptions subscriptions = context.getBean(FakeShardSubscriptions.class);
            assertThat(subscriptions.batches())
                    .singleElement()
                    .satisfies(batch -> assertThat(batch).containsExactlyInAnyOrder("orders", "invoices"));
            subscriptions.message("orders", "tea");
            subscriptions.message("invoices", "1");
            OrderListener listener = context.getBean(OrderListener.class);
            assertThat(listener.order).succeedsWithin(Duration.ofSeconds(5)).isEqualTo("tea");
            assertThat(listener.invoice).succeedsWithin(Duration.ofSeconds(5)).isEqualTo("1");
        });
    }

    @Test
    void isNotConfiguredWithoutLettuce() {
        this.unconfigured
                .withClassLoader(new FilteredClassLoader(RedisClusterClient.class))
                .withBean(RedisConnectionFactory.class, () -> mock(RedisConnectionFactory.class))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context).doesNotHaveBean(ShardSubscriptions.class);
                });
    }

    @Test
    void isNotConfiguredWithoutAConnectionFactory() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(ShardedPubSubAutoConfiguration.class))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context).doesNotHaveBean(ShardSubscriptions.class);
                    assertThat(context).doesNotHaveBean(ShardedPublisher.class);
                });
    }

    @Test
    void startsWithoutSpringMessaging() {
        this.cluster.withClassLoader(new FilteredClassLoader(Message.class)).run(context -> {
            assertThat(context).hasNotFailed();
            container(context).addMessageListener((message, pattern) -> {}, ChannelTopic.of("a"));
            assertThat(context.getBean(FakeShardSubscriptions.class).claimed()).containsExactly("a");
        });
    }

    @Test
    void startsWithoutJacksonAndSaysWhatIsMissingForObjects() {
        this.cluster
                .withClassLoader(new FilteredClassLoader("tools.jackson", "org.springframework.messaging"))
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    ShardedPublisher publisher = context.getBean(ShardedPublisher.class);
                    assertThatIllegalArgumentException()
                            .isThrownBy(() -> publisher.publishAsync("a", new Object()))
                            .withMessageContaining("java.lang.Object")
                            .withMessageContaining("tools.jackson.core:jackson-databind");
                });
    }

    @Test
    void startsWithoutActuatorAndMicrometer() {
        this.cluster
                .withClassLoader(new FilteredClassLoader(
                        "io.micrometer", "org.springframework.boot.actuate", "org.springframework.boot.health"))
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void bindsTheContainersProperties() {
        this.cluster
                .withPropertyValues(
                        "sharded-pubsub.subscription-timeout=3s",
                        "sharded-pubsub.listener.auto-startup=false",
                        "sharded-pubsub.listener.queue-capacity=7",
                        "sharded-pubsub.listener.concurrency=3",
                        "sharded-pubsub.listener.overflow=drop-newest",
                        "sharded-pubsub.listener.shutdown-timeout=2s",
                        "sharded-pubsub.listener.fail-on-start-timeout=false")
                .run(context -> {
                    ShardedRedisMessageListenerContainer container = container(context);
                    assertThat(container.getMaxSubscriptionRegistrationWaitingTime())
                            .isEqualTo(3000);
                    assertThat(container.isAutoStartup()).isFalse();
                    assertThat(container.isRunning()).isFalse();
                    assertThat(container).extracting("lanes.queueCapacity").isEqualTo(7);
                    assertThat(container).extracting("lanes.concurrency").isEqualTo(3);
                    assertThat(container).extracting("lanes.overflow").isEqualTo(OverflowPolicy.DROP_NEWEST);
                    assertThat(container).extracting("shutdownTimeout").isEqualTo(2000L);
                    assertThat(container).extracting("failOnStartTimeout").isEqualTo(false);
                });
    }

    @Test
    void givesTheContainerTheErrorHandlerAndTheExecutorThatAreNamed() {
        CompletableFuture<Throwable> handled = new CompletableFuture<>();
        CompletableFuture<String> thread = new CompletableFuture<>();
        this.cluster
                .withBean("first", ErrorHandler.class, () -> error -> {})
                .withBean("second", ErrorHandler.class, () -> handled::complete)
                .withBean("mine", TaskExecutor.class, () -> new SimpleAsyncTaskExecutor("mine-"))
                .withPropertyValues(
                        "sharded-pubsub.listener.error-handler=second", "sharded-pubsub.listener.task-executor=mine")
                .run(context -> {
                    container(context)
                            .addMessageListener(
                                    (message, pattern) -> {
                                        thread.complete(Thread.currentThread().getName());
                                        throw new IllegalStateException("listener");
                                    },
                                    ChannelTopic.of("a"));
                    context.getBean(FakeShardSubscriptions.class).message("a", "x");
                    assertThat(handled).succeedsWithin(Duration.ofSeconds(5)).isInstanceOf(IllegalStateException.class);
                    assertThat(thread.join()).startsWith("mine-");
                });
    }

    @Test
    void theOnlyErrorHandlerThereIsIsTheContainers() {
        CompletableFuture<Throwable> handled = new CompletableFuture<>();
        this.cluster.withBean(ErrorHandler.class, () -> handled::complete).run(context -> {
            container(context)
                    .addMessageListener(
                            (message, pattern) -> {
                                throw new IllegalStateException("listener");
                            },
                            ChannelTopic.of("a"));
            context.getBean(FakeShardSubscriptions.class).message("a", "x");
            assertThat(handled).succeedsWithin(Duration.ofSeconds(5)).isInstanceOf(IllegalStateException.class);
        });
    }

    @Test
    void bindsAllOtherProperties() {
        this.cluster
                .withPropertyValues(
                        "sharded-pubsub.fence-timeout=1s",
                        "sharded-pubsub.heartbeat=0",
                        "sharded-pubsub.audit-interval=1m",
                        "sharded-pubsub.resubscribe.mode=notify",
                        "sharded-pubsub.resubscribe.initial-backoff=20ms",
                        "sharded-pubsub.resubscribe.max-backoff=3s",
                        "sharded-pubsub.resubscribe.refused-interval=1m",
                        "sharded-pubsub.connection.idle-timeout=4s",
                        "sharded-pubsub.health.patience=6s")
                .run(context -> {
                    ShardedPubSubProperties properties = context.getBean(ShardedPubSubProperties.class);
                    assertThat(properties.isEnabled()).isTrue();
                    assertThat(properties.getFenceTimeout()).hasSeconds(1);
                    assertThat(properties.getHeartbeat()).isZero();
                    assertThat(properties.getAuditInterval()).isEqualTo(Duration.ofMinutes(1));
                    assertThat(properties.getResubscribe().getMode()).isEqualTo(ResubscribeMode.NOTIFY);
                    assertThat(properties.getResubscribe().getInitialBackoff()).hasMillis(20);
                    assertThat(properties.getResubscribe().getMaxBackoff()).hasSeconds(3);
                    assertThat(properties.getResubscribe().getRefusedInterval()).hasMinutes(1);
                    assertThat(properties.getConnection().getIdleTimeout()).hasSeconds(4);
                    assertThat(properties.getHealth().getPatience()).hasSeconds(6);
                });
    }

    @Test
    void refusesPropertiesThatMakeNoSense() {
        this.cluster
                .withPropertyValues("sharded-pubsub.fence-timeout=0")
                .run(context -> assertThat(context.getStartupFailure())
                        .hasMessageContaining("sharded-pubsub")
                        .rootCause()
                        .hasMessage("It has to be longer than zero"));
        this.cluster
                .withPropertyValues("sharded-pubsub.listener.queue-capacity=0")
                .run(context ->
                        assertThat(context.getStartupFailure()).rootCause().hasMessage("It has to be at least 1"));
        this.unconfigured
                .withPropertyValues(
                        "spring.data.redis.cluster.nodes=127.0.0.1:1",
                        "sharded-pubsub.resubscribe.initial-backoff=5s",
                        "sharded-pubsub.resubscribe.max-backoff=1s")
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .hasMessageContaining("sharded-pubsub.resubscribe.max-backoff"));
    }

    @Test
    void backsOffForTheApplicationsOwnBeans() {
        this.cluster
                .withBean(
                        ShardedPublisher.class, () -> new ShardedPublisher(() -> mock(RedisClusterClient.class), null))
                .withBean(
                        "ownReactive",
                        ReactiveShardedPublisher.class,
                        () -> new ReactiveShardedPublisher(
                                new ShardedPublisher(() -> mock(RedisClusterClient.class), null)))
                .withBean(
                        "ownReactiveContainer",
                        ReactiveShardedRedisMessageListenerContainer.class,
                        () -> new ReactiveShardedRedisMessageListenerContainer(new FakeShardSubscriptions()))
                .withUserConfiguration(OwnContainer.class)
                .run(context -> {
                    assertThat(context.getBeanNamesForType(ReactiveShardedRedisMessageListenerContainer.class))
                            .containsExactly("ownReactiveContainer");
                    assertThat(context.getBeanNamesForType(ReactiveShardedPublisher.class))
                            .containsExactly("ownReactive");
                    assertThat(context).hasSingleBean(ShardSubscriptions.class);
                    assertThat(context).hasSingleBean(ShardedPublisher.class);
                    assertThat(container(context)).isInstanceOf(OwnContainer.Container.class);
                });
    }

    @Configuration(proxyBeanMethods = false)
    static class OwnContainer {

        @Bean(defaultCandidate = false)
        Container shardedRedisMessageListenerContainer(
                ShardSubscriptions subscriptions, RedisConnectionFactory connectionFactory) {
            Container container = new Container(subscriptions);
            container.setConnectionFactory(connectionFactory);
            return container;
        }

        static class Container extends ShardedRedisMessageListenerContainer {

            Container(ShardSubscriptions subscriptions) {
                super(subscriptions);
            }
        }
    }

    @Test
    void letsCustomizersHaveTheLastWord() {
        this.cluster
                .withPropertyValues("sharded-pubsub.listener.queue-capacity=7")
                .withBean(ShardedListenerContainerCustomizer.class, () -> container -> container.setQueueCapacity(8))
                .run(context -> assertThat(container(context))
                        .extracting("lanes.queueCapacity")
                        .isEqualTo(8));
    }

    @Test
    void withoutAnnotatedListenersTheApplicationsJsonMapperWritesObjects() {
        JsonMapper mapper = JsonMapper.builder().build();
        this.cluster
                .withClassLoader(new FilteredClassLoader("org.springframework.messaging"))
                .withBean(JsonMapper.class, () -> mapper)
                .run(context -> assertThat(context.getBean(ShardedPublisher.class))
                        .extracting("objectSerializer.mapper", InstanceOfAssertFactories.type(JsonMapper.class))
                        .isSameAs(mapper));
    }

    record TeaOrder(String kindOfTea) {}

    static class TeaListener {

        final CompletableFuture<TeaOrder> order = new CompletableFuture<>();

        @ShardedRedisListener("tea")
        void order(TeaOrder order) {
            this.order.complete(order);
        }
    }

    private static byte[] written(AssertableApplicationContext context, Object payload) {
        return context.getBean(ShardedPubSubAutoConfiguration.PayloadSerializer.class)
                .objects()
                .serialize(payload);
    }

    @Test
    void listenersReadWhatThePublisherWritesWhateverTheApplicationDoesWithItsOwnJson() {
        this.cluster
                .withBean(
                        JsonMapper.class,
                        () -> JsonMapper.builder()
                                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                                .build())
                .withBean(TeaListener.class)
                .run(context -> {
                    String json = new String(written(context, new TeaOrder("green")), StandardCharsets.UTF_8);
                    context.getBean(FakeShardSubscriptions.class).message("tea", json);
                    assertThat(context.getBean(TeaListener.class).order)
                            .succeedsWithin(Duration.ofSeconds(5))
                            .isEqualTo(new TeaOrder("green"));
                });
    }

    /** As an application adds a converter for its listeners. */
    static class TeaConverter extends AbstractMessageConverter implements RedisListenerConfigurer {

        @Override
        public void configureMessageConverters(RedisMessageConverters.Builder builder) {
            builder.addCustomConverter(this);
        }

        @Override
        protected boolean supports(Class<?> type) {
            return type == TeaOrder.class;
        }

        @Override
        protected Object convertToInternal(Object payload, @Nullable MessageHeaders headers, @Nullable Object hint) {
            return ((TeaOrder) payload).kindOfTea();
        }

        @Override
        protected Object convertFromInternal(Message<?> message, Class<?> target, @Nullable Object hint) {
            return new TeaOrder(new String((byte[]) message.getPayload(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void thePublisherWritesWithTheConvertersOfTheListeners() {
        this.cluster.withBean(TeaConverter.class).withBean(TeaListener.class).run(context -> {
            assertThat(written(context, new TeaOrder("green"))).asString().isEqualTo("green");
            context.getBean(FakeShardSubscriptions.class).message("tea", "green");
            assertThat(context.getBean(TeaListener.class).order)
                    .succeedsWithin(Duration.ofSeconds(5))
                    .isEqualTo(new TeaOrder("green"));
        });
    }

    @Test
    void bindsThePublishersProperty() {
        this.cluster
                .withPropertyValues("sharded-pubsub.publisher.retry-timeout=7s")
                .run(context -> assertThat(context.getBean(ShardedPublisher.class))
                        .extracting("settings")
                        .isEqualTo(new PublisherSettings(Duration.ofSeconds(7))));
    }

    @Test
    void deliversOnPlatformThreads() {
        this.cluster.run(context -> assertThat(deliveringThread(context))
                .startsWith("Thread[")
                .contains("shardedRedisMessageListenerContainer-"));
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void deliversOnVirtualThreadsIfTheApplicationHasThem() {
        this.cluster
                .withPropertyValues("spring.threads.virtual.enabled=true")
                .run(context -> assertThat(deliveringThread(context))
                        .startsWith("VirtualThread[")
                        .contains("shardedRedisMessageListenerContainer-"));
    }

    /** Described while it runs: an ended thread does not know what it was. */
    private static String deliveringThread(AssertableApplicationContext context) {
        CompletableFuture<String> thread = new CompletableFuture<>();
        container(context)
                .addMessageListener(
                        (message, pattern) ->
                                thread.complete(Thread.currentThread().toString()),
                        ChannelTopic.of("a"));
        context.getBean(FakeShardSubscriptions.class).message("a", "x");
        return thread.orTimeout(5, TimeUnit.SECONDS).join();
    }

    @Test
    void publishesTheEventsOfAllSubscriptions() {
        this.cluster
                .withBean(
                        "second",
                        FakeShardSubscriptions.class,
                        FakeShardSubscriptions::new,
                        definition -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false))
                .run(context -> {
                    ShardEventPublisher publisher = context.getBean(ShardEventPublisher.class);
                    assertThat(context.getBean("subscriptions", FakeShardSubscriptions.class)
                                    .observers())
                            .contains(publisher);
                    assertThat(context.getBean("second", FakeShardSubscriptions.class)
                                    .observers())
                            .contains(publisher);
                });
    }

    @Test
    void publishesEventsAlsoWhereBeansAreLazy() {
        this.cluster
                .withInitializer(context ->
                        context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
                .run(context -> assertThat(context.getBeanFactory().containsSingleton("shardEventPublisher"))
                        .isTrue());
    }

    @Test
    void listenersOfAChildContextListenAsLongAsItLives() {
        this.cluster.run(parent -> {
            FakeShardSubscriptions subscriptions = parent.getBean(FakeShardSubscriptions.class);
            this.unconfigured
                    .withParent(parent)
                    .withUserConfiguration(ChildListener.class)
                    .run(child -> {
                        assertThat(child).hasNotFailed();
                        assertThat(subscriptions.claimed()).containsExactly("orders");
                        assertThat(child.getBean(ShardedRedisMessageListenerContainer.BEAN_NAME))
                                .isSameAs(parent.getBean(ShardedRedisMessageListenerContainer.BEAN_NAME));
                        assertThat(child.getBeanFactory().getBeanNamesForType(PublisherLifecycle.class))
                                .as("what would end the parent's publisher with the child")
                                .isEmpty();
                    });
            assertThat(subscriptions.claimed()).isEmpty();
            assertThat(container(parent).isRunning()).isTrue();
        });
    }

    @Configuration(proxyBeanMethods = false)
    static class ChildListener {

        @ShardedRedisListener("orders")
        void order(String order) {}
    }

    @Test
    void startsAndStopsTheSubscriptionsBetweenConnectionFactoryAndContainer() {
        this.unconfigured
                .withPropertyValues(
                        "spring.data.redis.cluster.nodes=127.0.0.1:1", "sharded-pubsub.subscription-timeout=5s")
                .run(context -> {
                    LifecycleSubscriptions subscriptions = context.getBean(LifecycleSubscriptions.class);
                    assertThat(subscriptions.getPhase())
                            .isGreaterThan(0)
                            .isLessThan(container(context).getPhase());
                    assertThat(subscriptions.isRunning()).isTrue();
                    context.getSourceApplicationContext().stop();
                    assertThat(subscriptions.isRunning()).isFalse();
                    assertThat(subscriptions.counts().values()).containsOnly(0);
                    context.getSourceApplicationContext().start();
                    assertThat(subscriptions.isRunning()).isTrue();
                });
    }
}
