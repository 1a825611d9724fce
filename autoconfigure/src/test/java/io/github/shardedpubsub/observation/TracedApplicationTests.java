package io.github.shardedpubsub.observation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import brave.Span.Kind;
import brave.Tracing;
import brave.handler.MutableSpan;
import brave.handler.SpanHandler;
import brave.propagation.ThreadLocalCurrentTraceContext;
import brave.propagation.TraceContext;
import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.publisher.ReactiveShardedPublisher;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler.FirstMatchingCompositeObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.brave.bridge.BraveCurrentTraceContext;
import io.micrometer.tracing.brave.bridge.BravePropagator;
import io.micrometer.tracing.brave.bridge.BraveTracer;
import io.micrometer.tracing.brave.bridge.W3CPropagation;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingReceiverTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingSenderTracingObservationHandler;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Applications with a tracer, on real servers. */
@LiveTest
class TracedApplicationTests {

    private static final String ORDERS = "traced:{orders}";

    private static final String KITCHEN = "traced:{kitchen}";

    private static final Duration SOON = Duration.ofSeconds(10);

    private final List<ConfigurableApplicationContext> contexts = new CopyOnWriteArrayList<>();

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        final List<MutableSpan> spans = new CopyOnWriteArrayList<>();

        final List<String> received = new CopyOnWriteArrayList<>();

        @Bean
        Tracing tracing() {
            return Tracing.newBuilder()
                    .currentTraceContext(ThreadLocalCurrentTraceContext.create())
                    .propagationFactory(new W3CPropagation())
                    .addSpanHandler(new SpanHandler() {

                        @Override
                        public boolean end(TraceContext context, MutableSpan span, Cause cause) {
                            return Application.this.spans.add(span);
                        }
                    })
                    .build();
        }

        @Bean
        Tracer tracer(Tracing tracing) {
            return new BraveTracer(tracing.tracer(), new BraveCurrentTraceContext(tracing.currentTraceContext()));
        }

        @Bean
        ObservationRegistry observationRegistry(Tracing tracing, Tracer tracer) {
            ObservationRegistry registry = ObservationRegistry.create();
            BravePropagator propagator = new BravePropagator(tracing);
            registry.observationConfig()
                    .observationHandler(new FirstMatchingCompositeObservationHandler(
                            new PropagatingReceiverTracingObservationHandler<>(tracer, propagator),
                            new PropagatingSenderTracingObservationHandler<>(tracer, propagator),
                            new DefaultTracingObservationHandler(tracer)));
            return registry;
        }

        @Bean
        Kitchen kitchen(ShardedPublisher publisher) {
            return new Kitchen(this, publisher);
        }
    }

    static class Kitchen {

        private final Application application;

        private final ShardedPublisher publisher;

        Kitchen(Application application, ShardedPublisher publisher) {
            this.application = application;
            this.publisher = publisher;
        }

        @ShardedRedisListener(topic = ORDERS, id = "waiter")
        void order(String order) {
            this.application.received.add(order);
            if (order.equals("cake")) {
                this.publisher.publish(KITCHEN, order);
            }
        }

        @ShardedRedisListener(topic = KITCHEN, id = "baker")
        void bake(String order) {
            this.application.received.add("baked " + order);
        }
    }

    private ConfigurableApplicationContext start(String propagation) {
        ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties(
                        "spring.data.redis.cluster.nodes=" + LiveCluster.nodes(),
                        "sharded-pubsub.observation.enabled=true",
                        "sharded-pubsub.observation.propagation=" + propagation)
                .run();
        this.contexts.add(context);
        return context;
    }

    @AfterEach
    void stop() {
        this.contexts.forEach(ConfigurableApplicationContext::close);
    }

    private static List<MutableSpan> spans(ConfigurableApplicationContext context, Kind kind, int count) {
        List<MutableSpan> all = context.getBean(Application.class).spans;
        return await().atMost(SOON)
                .until(
                        () -> all.stream()
                                .filter(span -> span.kind() == kind)
                                .filter(span -> String.valueOf(span.name()).startsWith("shard channel"))
                                .toList(),
                        found -> found.size() == count);
    }

    private static MutableSpan span(ConfigurableApplicationContext context, Kind kind) {
        return spans(context, kind, 1).get(0);
    }

    private static @Nullable String channel(MutableSpan span) {
        return span.tag("messaging.destination.name");
    }

    private static void isChildOf(MutableSpan child, MutableSpan parent) {
        assertThat(child.traceId()).isEqualTo(parent.traceId());
        assertThat(child.parentId()).isEqualTo(parent.id());
    }

    @Test
    void aListenersSpanIsTheChildOfItsPublishers() {
        ConfigurableApplicationContext context = start("send");
        Observation caller = Observation.start("caller", context.getBean(ObservationRegistry.class));
        caller.scoped(() -> context.getBean(ShardedPublisher.class).publish(ORDERS, "tea"));
        caller.stop();
        MutableSpan publish = span(context, Kind.PRODUCER);
        MutableSpan process = span(context, Kind.CONSUMER);
        Application application = context.getBean(Application.class);
        isChildOf(
                publish,
                application.spans.stream()
                        .filter(span -> "caller".equals(span.name()))
                        .findFirst()
                        .orElseThrow());
        isChildOf(process, publish);
        assertThat(publish.name()).isEqualTo("shard channel publish");
        assertThat(publish.tag("sharded.pubsub.outcome")).isEqualTo("published");
        assertThat(publish.tag("sharded.pubsub.receivers")).isEqualTo("1");
        assertThat(process.name()).isEqualTo("shard channel process");
        assertThat(process.tag("sharded.pubsub.listener.id")).isEqualTo("waiter");
        assertThat(channel(process)).isEqualTo(ORDERS);
        assertThat(application.received).containsExactly("tea");
    }

    @Test
    void whatAListenerPublishesGoesOnWithItsTrace() {
        ConfigurableApplicationContext context = start("send");
        context.getBean(ShardedPublisher.class).publish(ORDERS, "cake");
        List<MutableSpan> processes = spans(context, Kind.CONSUMER, 2);
        List<MutableSpan> publishes = spans(context, Kind.PRODUCER, 2);
        MutableSpan waiter = byChannel(processes, ORDERS);
        MutableSpan onward = byChannel(publishes, KITCHEN);
        isChildOf(waiter, byChannel(publishes, ORDERS));
        isChildOf(onward, waiter);
        isChildOf(byChannel(processes, KITCHEN), onward);
        assertThat(context.getBean(Application.class).received).containsExactly("cake", "baked cake");
    }

    private static MutableSpan byChannel(List<MutableSpan> spans, String channel) {
        return spans.stream()
                .filter(span -> channel.equals(channel(span)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void eachMessageOfABatchHasItsOwnSpanAndChild() {
        ConfigurableApplicationContext context = start("send");
        context.getBean(ShardedPublisher.class)
                .publishAll(List.of(new ShardMessage(ORDERS, "tea"), new ShardMessage(KITCHEN, "bread")));
        List<MutableSpan> publishes = spans(context, Kind.PRODUCER, 2);
        List<MutableSpan> processes = spans(context, Kind.CONSUMER, 2);
        for (String channel : List.of(ORDERS, KITCHEN)) {
            isChildOf(byChannel(processes, channel), byChannel(publishes, channel));
        }
        assertThat(publishes.get(0).traceId()).isNotEqualTo(publishes.get(1).traceId());
    }

    @Test
    void theReactivePublisherTakesTheTraceOfItsSubscriber() {
        ConfigurableApplicationContext context = start("send");
        Observation caller = Observation.start("caller", context.getBean(ObservationRegistry.class));
        Long receivers = context.getBean(ReactiveShardedPublisher.class)
                .publish(ORDERS, "tea")
                .contextWrite(reactor -> reactor.put(ObservedPublishing.PARENT, caller))
                .block(SOON);
        caller.stop();
        assertThat(receivers).isEqualTo(1);
        MutableSpan publish = span(context, Kind.PRODUCER);
        isChildOf(span(context, Kind.CONSUMER), publish);
        assertThat(publish.parentId()).isNotNull();
    }

    @Test
    void withoutPropagationAListenerBeginsATraceOfItsOwn() {
        ConfigurableApplicationContext context = start("none");
        context.getBean(ShardedPublisher.class).publish(ORDERS, "tea");
        MutableSpan process = span(context, Kind.CONSUMER);
        assertThat(process.parentId()).isNull();
        assertThat(process.traceId()).isNotEqualTo(span(context, Kind.PRODUCER).traceId());
        assertThat(context.getBean(Application.class).received).containsExactly("tea");
    }

    @Test
    void oneThatSendsEnvelopesAndOneThatOnlyAcceptsThemUnderstandEachOther() {
        ConfigurableApplicationContext sends = start("send");
        ConfigurableApplicationContext accepts = start("accept");
        sends.getBean(ShardedPublisher.class).publish(ORDERS, "tea");
        accepts.getBean(ShardedPublisher.class).publish(ORDERS, "coffee");
        MutableSpan published = span(sends, Kind.PRODUCER);
        for (ConfigurableApplicationContext each : List.of(sends, accepts)) {
            List<MutableSpan> processes = spans(each, Kind.CONSUMER, 2);
            assertThat(processes)
                    .filteredOn(span -> span.parentId() != null)
                    .singleElement()
                    .satisfies(process -> isChildOf(Objects.requireNonNull(process), published));
            assertThat(each.getBean(Application.class).received).containsExactlyInAnyOrder("tea", "coffee");
        }
    }
}
