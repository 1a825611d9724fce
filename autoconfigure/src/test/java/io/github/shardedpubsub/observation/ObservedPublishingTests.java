package io.github.shardedpubsub.observation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.shardedpubsub.publisher.PublishInterceptor.Publishing;
import io.github.shardedpubsub.publisher.PublishOutcome;
import io.github.shardedpubsub.publisher.ReactiveShardedPublisher;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.transport.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.RedisSystemException;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

class ObservedPublishingTests {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static final byte[] TEA = "tea".getBytes(StandardCharsets.UTF_8);

    private final TestObservationRegistry registry = TestObservationRegistry.create();

    private static Publishing begin(ObservedPublishing observed) {
        return Objects.requireNonNull(observed.begin("orders", TEA, null));
    }

    private ObservedPublishing observed() {
        return new ObservedPublishing(this.registry, null, null);
    }

    /** It connects to nothing, so that whatever it is to publish is refused. */
    private static ShardedPublisher stopped(ObservedPublishing observed) {
        ShardedPublisher publisher = new ShardedPublisher(
                () -> {
                    throw new IllegalStateException("stopped");
                },
                null);
        publisher.setInterceptor(observed);
        return publisher;
    }

    @Test
    void aMessageIsObservedFromItsBeginToItsEnd() {
        Publishing publishing = begin(observed());
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasNameEqualTo("sharded.pubsub.publish")
                .hasBeenStarted()
                .isNotStopped();
        assertThat(this.registry.getCurrentObservation()).isNull();
        assertThat(publishing.payload()).isSameAs(TEA);
        publishing.end(PublishOutcome.PUBLISHED, 3, null);
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasBeenStopped()
                .doesNotHaveError()
                .hasContextualNameEqualTo("shard channel publish")
                .hasLowCardinalityKeyValue("messaging.system", "redis")
                .hasLowCardinalityKeyValue("messaging.operation", "publish")
                .hasLowCardinalityKeyValue("sharded.pubsub.outcome", "published")
                .hasHighCardinalityKeyValue("messaging.destination.name", "orders")
                .hasHighCardinalityKeyValue("sharded.pubsub.receivers", "3")
                .hasKeyValuesCount(5);
        assertThat(this.registry)
                .hasHandledContextsThatSatisfy(contexts -> assertThat(contexts)
                        .singleElement()
                        .isInstanceOfSatisfying(
                                ShardPublishObservationContext.class,
                                context -> assertThat(context.getKind()).isEqualTo(Kind.PRODUCER)));
    }

    @Test
    void whatTheCallerGetsIsItsError() {
        assertThatExceptionOfType(RedisSystemException.class)
                .isThrownBy(() -> stopped(observed()).publish("orders", "tea"));
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasBeenStopped()
                .hasLowCardinalityKeyValue("sharded.pubsub.outcome", "refused")
                .hasHighCardinalityKeyValue("sharded.pubsub.receivers", "0")
                .assertThatError()
                .isInstanceOf(RedisSystemException.class)
                .hasRootCauseMessage("stopped");
    }

    @Test
    void eachMessageOfABatchIsObservedByItself() {
        assertThat(stopped(observed())
                        .publishAllAsync(List.of(
                                new ShardMessage("a", "1"), new ShardMessage("b", "2"), new ShardMessage("a", "3"))))
                .hasSize(3);
        assertThat(this.registry)
                .hasHandledContextsThatSatisfy(contexts -> assertThat(contexts)
                        .extracting(context -> ((ShardPublishObservationContext) context).getChannel())
                        .containsExactly("a", "b", "a"));
        assertThat(this.registry).forAllObservationsWithNameEqualTo("sharded.pubsub.publish", each -> each.hasError());
    }

    @Test
    void itsParentIsTheCurrentObservationOfTheThread() {
        Observation parent = Observation.start("caller", this.registry);
        parent.scoped(() -> {
            assertThat(stopped(observed()).publishAsync("orders", "tea")).isCompletedExceptionally();
        });
        assertThat(this.registry)
                .hasObservationWithNameEqualTo("sharded.pubsub.publish")
                .that()
                .hasParentObservationEqualTo(parent);
    }

    @Test
    void itsParentIsTheObservationOfTheSubscriberWhoPublishes() {
        Observation parent = Observation.createNotStarted("caller", this.registry);
        Context caller = Context.of(ObservationThreadLocalAccessor.KEY, parent);
        ReactiveShardedPublisher publisher = new ReactiveShardedPublisher(stopped(observed()));
        StepVerifier.create(publisher.publish("orders", "tea").contextWrite(caller))
                .expectError(RedisSystemException.class)
                .verify(SOON);
        StepVerifier.create(publisher
                        .publishAll(List.of(new ShardMessage("orders", "tea")))
                        .contextWrite(caller))
                .expectError(RedisSystemException.class)
                .verify(SOON);
        assertThat(this.registry)
                .hasNumberOfObservationsEqualTo(2)
                .forAllObservationsWithNameEqualTo(
                        "sharded.pubsub.publish", each -> each.hasParentObservationEqualTo(parent));
    }

    @Test
    void aSubscriberWithoutAnObservationHasNone() {
        StepVerifier.create(new ReactiveShardedPublisher(stopped(observed())).publish("orders", "tea"))
                .expectError(RedisSystemException.class)
                .verify(SOON);
        assertThat(this.registry).hasSingleObservationThat().doesNotHaveParentObservation();
    }

    private static final ShardPublishObservationConvention NEVER_ASKED = new ShardPublishObservationConvention() {

        @Override
        public String getName() {
            throw new AssertionError("There is an observation");
        }
    };

    @Test
    void whereNobodyObservesThereIsNothing() {
        for (ObservationRegistry nobody : List.of(ObservationRegistry.NOOP, ObservationRegistry.create())) {
            ObservedPublishing observed = new ObservedPublishing(nobody, NEVER_ASKED, null);
            assertThat(observed.begin("orders", TEA, null)).isNull();
            Publishing bare = begin(new ObservedPublishing(nobody, NEVER_ASKED, new HeaderEnvelope()));
            assertThat(bare.payload()).isSameAs(TEA);
            bare.end(PublishOutcome.PUBLISHED, 1, null);
        }
    }

    @Test
    void whereNobodyObservesAPayloadThatBeginsAsAnEnvelopeIsPutIntoOne() {
        HeaderEnvelope envelope = new HeaderEnvelope();
        byte[] payload = envelope.wrap("orders", Map.of("a", "1"), TEA);
        Publishing publishing =
                new ObservedPublishing(ObservationRegistry.NOOP, null, envelope).begin("orders", payload, null);
        assertThat(envelope.unwrap("orders", Objects.requireNonNull(publishing).payload()))
                .satisfies(content -> assertThat(content.payload()).isEqualTo(payload));
    }

    @Test
    void theConventionIsReplaceable() {
        ShardPublishObservationConvention own = new DefaultShardPublishObservationConvention() {

            @Override
            public String getName() {
                return "own";
            }

            @Override
            public KeyValues getHighCardinalityKeyValues(ShardPublishObservationContext context) {
                return KeyValues.of("own.channel", context.getChannel());
            }
        };
        begin(new ObservedPublishing(this.registry, own, null)).end(PublishOutcome.UNKNOWN, 0, null);
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasNameEqualTo("own")
                .hasLowCardinalityKeyValue("sharded.pubsub.outcome", "unknown")
                .hasHighCardinalityKeyValue("own.channel", "orders")
                .hasKeyValuesCount(4);
    }

    @Test
    void whatATracerGivesGoesIntoTheEnvelope() {
        this.registry.observationConfig().observationHandler(new HeaderHandler());
        HeaderEnvelope envelope = new HeaderEnvelope();
        Publishing publishing = begin(new ObservedPublishing(this.registry, null, envelope));
        assertThat(envelope.unwrap("orders", publishing.payload())).satisfies(content -> {
            assertThat(content.headers()).isEqualTo(Map.of("traceparent", "1-2"));
            assertThat(content.payload()).isEqualTo(TEA);
        });
    }

    @Test
    void withoutAnEnvelopeItStaysHere() {
        this.registry.observationConfig().observationHandler(new HeaderHandler());
        assertThat(begin(observed()).payload()).isSameAs(TEA);
    }

    private static final class FullAtTheSecond implements PayloadEnvelope {

        private int wrapped;

        @Override
        public byte[] wrap(String channel, Map<String, String> headers, byte[] payload) {
            if (++this.wrapped == 2) {
                throw new IllegalStateException("full");
            }
            return payload;
        }

        @Override
        public @Nullable Content unwrap(String channel, byte[] received) {
            return null;
        }
    }

    @Test
    void anEnvelopeThatFailsFailsThePublishing() {
        FullAtTheSecond envelope = new FullAtTheSecond();
        ObservedPublishing observed = new ObservedPublishing(this.registry, null, envelope);
        begin(observed).end(PublishOutcome.PUBLISHED, 1, null);
        this.registry.clear();
        assertThatIllegalStateException().isThrownBy(() -> begin(observed)).withMessage("full");
        assertThat(this.registry)
                .hasSingleObservationThat()
                .hasBeenStopped()
                .assertThatError()
                .hasMessage("full");
    }

    @Test
    void ifItFailsInABatchNothingIsSentAndNoObservationStaysOpen() {
        ShardedPublisher publisher = stopped(new ObservedPublishing(this.registry, null, new FullAtTheSecond()));
        assertThat(publisher.publishAllAsync(
                        List.of(new ShardMessage("a", "1"), new ShardMessage("b", "2"), new ShardMessage("c", "3"))))
                .allSatisfy(answer -> assertThat(answer)
                        .failsWithin(Duration.ZERO)
                        .withThrowableThat()
                        .havingRootCause()
                        .withMessage("full"));
        assertThat(this.registry)
                .hasNumberOfObservationsEqualTo(2)
                .forAllObservationsWithNameEqualTo(
                        "sharded.pubsub.publish",
                        each -> each.hasError().hasLowCardinalityKeyValue("sharded.pubsub.outcome", "refused"));
    }
}
