package io.github.shardedpubsub.observation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.listener.DeliveryInterceptor;
import io.github.shardedpubsub.listener.FakeShardSubscriptions;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.ShardedListenerEndpoint;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.transport.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import reactor.core.Disposable;

/** Given a container whose listeners are called on the thread that brings the message. */
class ObservedDeliveryTests {

    private static final ChannelTopic ORDERS = ChannelTopic.of("orders");

    private static final byte[] TEA = "tea".getBytes(StandardCharsets.UTF_8);

    private static final byte[] WRAPPED = new HeaderEnvelope().wrap("orders", Map.of("traceparent", "1-2"), TEA);

    private final TestObservationRegistry registry = TestObservationRegistry.create();

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();

    private final ShardedRedisMessageListenerContainer container =
            new ShardedRedisMessageListenerContainer(this.subscriptions);

    private final List<String> received = new CopyOnWriteArrayList<>();

    private final MessageListener listener = (message, pattern) -> this.received.add(body(message));

    private static String body(Message message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }

    @BeforeEach
    void start() {
        this.container.setConnectionFactory(mock(RedisConnectionFactory.class));
        this.container.setTaskExecutor(Runnable::run);
        this.container.setDeliveryInterceptor(new ObservedDelivery(this.registry, null, null));
        this.container.afterPropertiesSet();
        this.container.start();
    }

    @AfterEach
    void destroy() throws Exception {
        this.container.destroy();
    }

    private String current() {
        Observation current = this.registry.getCurrentObservation();
        return current != null ? String.valueOf(current.getContextView().getName()) : "none";
    }

    @Test
    void aCallIsAnObservationOfItsOwn() {
        this.container.addMessageListener(this.listener, ORDERS);
        this.subscriptions.message("orders", "tea");
        assertThat(this.received).containsExactly("tea");
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasNameEqualTo("sharded.pubsub.process")
                .hasBeenStarted()
                .hasBeenStopped()
                .doesNotHaveError()
                .doesNotHaveParentObservation()
                .hasContextualNameEqualTo("shard channel process")
                .hasLowCardinalityKeyValue("messaging.system", "redis")
                .hasLowCardinalityKeyValue("messaging.operation", "process")
                .hasLowCardinalityKeyValue("sharded.pubsub.listener.id", "none")
                .hasHighCardinalityKeyValue("messaging.destination.name", "orders")
                .hasKeyValuesCount(4);
        assertThat(this.registry)
                .hasHandledContextsThatSatisfy(contexts -> assertThat(contexts)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                ShardProcessObservationContext.class,
                                context -> assertThat(context.getKind()).isEqualTo(Kind.CONSUMER)));
    }

    @Test
    void eachListenerOfAChannelHasOne() {
        this.container.addMessageListener(this.listener, ORDERS);
        this.container.addMessageListener((message, pattern) -> {}, ORDERS);
        this.subscriptions.message("orders", "tea");
        assertThat(this.registry).hasNumberOfObservationsWithNameEqualTo("sharded.pubsub.process", 2);
    }

    private void receiveAs(String id, ListenerOptions options) {
        ShardedListenerEndpoint endpoint =
                new ShardedListenerEndpoint(id, this.container, (message, pattern) -> {}, List.of(ORDERS), options);
        endpoint.start();
        this.subscriptions.message("orders", "tea");
    }

    private void isKnownAs(String id) {
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasLowCardinalityKeyValue("sharded.pubsub.listener.id", id);
    }

    @Test
    void aListenerIsKnownByItsId() {
        receiveAs("kitchen", ListenerOptions.DEFAULTS);
        isKnownAs("kitchen");
    }

    @Test
    void aListenerIsKnownByAnotherNameIfItHasOne() {
        receiveAs("kitchen-7", ListenerOptions.DEFAULTS.withName("kitchen"));
        isKnownAs("kitchen");
    }

    @Test
    void aGeneratedIdIsNotShownSinceThereCanBeAnyNumberOfThem() {
        receiveAs(ShardedListenerEndpoint.class.getName() + "#7", ListenerOptions.DEFAULTS);
        isKnownAs("none");
    }

    @Test
    void itIsTheCurrentOneUntilTheErrorHandlerHasDone() {
        List<String> seen = new ArrayList<>();
        this.container.setErrorHandler(failure -> seen.add("handler: " + current()));
        this.container.addMessageListener(
                (message, pattern) -> {
                    seen.add("listener: " + current());
                    throw new IllegalStateException("sold out");
                },
                ORDERS);
        this.subscriptions.message("orders", "tea");
        assertThat(seen).containsExactly("listener: sharded.pubsub.process", "handler: sharded.pubsub.process");
        assertThat(current()).isEqualTo("none");
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasBeenStopped()
                .assertThatError()
                .hasMessage("sold out");
    }

    @Test
    void itEndsThoughTheErrorHandlerThrows() {
        this.container.setErrorHandler(failure -> {
            throw new IllegalStateException("no more errors, please");
        });
        this.container.addMessageListener(
                (message, pattern) -> {
                    throw new IllegalStateException("sold out");
                },
                ORDERS);
        this.subscriptions.message("orders", "tea");
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasBeenStopped()
                .assertThatError()
                .hasMessage("sold out");
        assertThat(current()).isEqualTo("none");
    }

    @Test
    void ofAMethodsFailureTheErrorIsWhatTheMethodThrew() {
        IllegalStateException thrown = new IllegalStateException("sold out");
        this.container.addMessageListener(
                (message, pattern) -> {
                    throw new RedisListenerExecutionFailedException("The listener method failed", thrown);
                },
                ORDERS);
        this.subscriptions.message("orders", "tea");
        assertThat(this.registry).hasSingleObservationThat().hasError(thrown);
    }

    private static final ShardProcessObservationConvention NEVER_ASKED = new ShardProcessObservationConvention() {

        @Override
        public String getName() {
            throw new AssertionError("There is an observation");
        }
    };

    @Test
    void whereNobodyObservesThereIsNothing() {
        for (ObservationRegistry nobody : List.of(ObservationRegistry.NOOP, ObservationRegistry.create())) {
            ChannelName orders = ChannelName.of("orders");
            assertThat(new ObservedDelivery(nobody, NEVER_ASKED, null).begin(orders, null, TEA))
                    .isNull();
            assertThat(new ObservedDelivery(nobody, NEVER_ASKED, new HeaderEnvelope()).begin(orders, null, TEA))
                    .isNull();
        }
    }

    @Test
    void theConventionIsReplaceable() {
        this.container.setDeliveryInterceptor(new ObservedDelivery(
                this.registry,
                new DefaultShardProcessObservationConvention() {

                    @Override
                    public String getContextualName(ShardProcessObservationContext context) {
                        return "process " + context.getChannel();
                    }
                },
                null));
        this.container.addMessageListener(this.listener, ORDERS);
        this.subscriptions.message("orders", "tea");
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasContextualNameEqualTo("process orders")
                .hasLowCardinalityKeyValue("messaging.operation", "process");
    }

    private List<Map<String, String>> headers() {
        List<Map<String, String>> headers = new ArrayList<>();
        assertThat(this.registry)
                .hasHandledContextsThatSatisfy(contexts -> contexts.forEach(
                        context -> headers.add(((ShardProcessObservationContext) context).getCarrier())));
        return headers;
    }

    @Test
    void envelopesAndBarePayloadsAreTakenBoth() {
        this.container.setDeliveryInterceptor(new ObservedDelivery(this.registry, null, new HeaderEnvelope()));
        this.container.addMessageListener(this.listener, ORDERS);
        this.subscriptions.message("orders", WRAPPED);
        this.subscriptions.message("orders", "coffee");
        assertThat(this.received).containsExactly("tea", "coffee");
        assertThat(headers()).containsExactly(Map.of("traceparent", "1-2"), Map.of());
    }

    @Test
    void envelopesAreAcceptedThoughNobodyObserves() {
        this.container.setDeliveryInterceptor(
                new ObservedDelivery(ObservationRegistry.NOOP, null, new HeaderEnvelope()));
        this.container.addMessageListener(this.listener, ORDERS);
        this.subscriptions.message("orders", WRAPPED);
        assertThat(this.received).containsExactly("tea");
    }

    @Test
    void anEnvelopeIsAPayloadWhereNoneIsExpected() {
        this.container.addMessageListener(this.listener, ORDERS);
        this.subscriptions.message("orders", WRAPPED);
        assertThat(this.received).containsExactly(new String(WRAPPED, StandardCharsets.UTF_8));
        assertThat(headers()).containsExactly(Map.of());
    }

    @Test
    void anInterceptorThatFailsIsTheErrorHandlersAndEndsNothing() {
        DeliveryInterceptor failing = (channel, name, payload) -> {
            if (payload.length == 3) {
                throw new IllegalStateException("cannot be read");
            }
            return null;
        };
        List<@Nullable String> failures = new ArrayList<>();
        this.container.setErrorHandler(failure -> failures.add(failure.getMessage()));
        this.container.setDeliveryInterceptor(failing);
        this.container.addMessageListener(this.listener, ORDERS);
        this.subscriptions.message("orders", "tea");
        this.subscriptions.message("orders", "coffee");
        assertThat(failures).containsExactly("cannot be read");
        assertThat(this.received).containsExactly("coffee");
    }

    @Test
    void aMessageOfAFluxIsObservedUntilTheSubscriberReturns() {
        ReactiveShardedRedisMessageListenerContainer reactive =
                new ReactiveShardedRedisMessageListenerContainer(this.subscriptions);
        reactive.setDeliveryInterceptor(new ObservedDelivery(this.registry, null, new HeaderEnvelope()));
        reactive.start();
        SerializationPair<String> text = SerializationPair.fromSerializer(RedisSerializer.string());
        Disposable subscription = reactive.receive(
                        List.of(ORDERS), text, text, ListenerOptions.DEFAULTS.withName("kitchen"))
                .subscribe(message -> this.received.add(message.getMessage() + " in " + current()));
        await().until(() -> this.subscriptions.claimed().contains("orders"));
        this.subscriptions.message("orders", WRAPPED);
        await().untilAsserted(() -> {
            assertThat(this.received).containsExactly("tea in sharded.pubsub.process");
            assertThat(this.registry)
                    .hasSingleObservationThat()
                    .hasBeenStopped()
                    .hasLowCardinalityKeyValue("sharded.pubsub.listener.id", "kitchen");
        });
        assertThat(headers()).containsExactly(Map.of("traceparent", "1-2"));
        subscription.dispose();
        reactive.destroy();
    }
}
