package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.listener.OverflowPolicy;
import io.github.shardedpubsub.listener.ShardChannelEvent;
import io.github.shardedpubsub.listener.ShardInterruptedEvent;
import io.github.shardedpubsub.listener.ShardMessagesDroppedEvent;
import io.github.shardedpubsub.listener.ShardRestoredEvent;
import io.github.shardedpubsub.listener.ShardSubscribedEvent;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.listener.ShardedRedisListenerRegistry;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

/** What a listening application is told, and how it stops, on real servers. */
@LiveTest
class ListeningApplicationTests {

    private static final String CHANNEL = "listening:{application}";

    private @Nullable ConfigurableApplicationContext context;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        private final List<ShardChannelEvent> events = new CopyOnWriteArrayList<>();

        private final List<String> received = new CopyOnWriteArrayList<>();

        private final CountDownLatch begun = new CountDownLatch(1);

        private final CountDownLatch release = new CountDownLatch(1);

        private volatile CountDownLatch eventRelease = new CountDownLatch(0);

        @ShardedRedisListener(topic = CHANNEL, id = "listening", queueCapacity = "20")
        void receive(String message) throws InterruptedException {
            this.begun.countDown();
            this.release.await();
            this.received.add(message);
        }

        @EventListener
        void on(ShardChannelEvent event) throws InterruptedException {
            this.eventRelease.await();
            this.events.add(event);
        }
    }

    private Application start(String... properties) {
        this.context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties("spring.data.redis.cluster.nodes=" + LiveCluster.nodes())
                .properties("sharded-pubsub.handover.enabled=false")
                .properties(properties)
                .run();
        return context().getBean(Application.class);
    }

    private ConfigurableApplicationContext context() {
        return Objects.requireNonNull(this.context);
    }

    private void publish(int count) {
        ShardedPublisher publisher = context().getBean(ShardedPublisher.class);
        IntStream.range(0, count).forEach(i -> publisher.publish(CHANNEL, String.valueOf(i)));
    }

    @AfterEach
    void stop() {
        if (context().isActive()) {
            Application application = context().getBean(Application.class);
            application.release.countDown();
            application.eventRelease.countDown();
        }
        context().close();
    }

    private static void awaitEvents(Application application, int count) {
        await().atMost(Duration.ofSeconds(20)).until(() -> application.events.size() >= count);
    }

    @Test
    void isToldOfAChannelsLife() {
        Application application = start();
        awaitEvents(application, 1);
        LiveCluster.moveSlotOf(CHANNEL);
        awaitEvents(application, 3);

        assertThat(application.events.get(0)).isInstanceOfSatisfying(ShardSubscribedEvent.class, subscribed -> {
            assertThat(subscribed.channel()).isEqualTo(CHANNEL);
            assertThat(subscribed.node()).isNotNull();
        });
        assertThat(application.events.get(1)).isInstanceOfSatisfying(ShardInterruptedEvent.class, interrupted -> {
            assertThat(interrupted.cause()).isEqualTo(InterruptionCause.ENDED_BY_SERVER);
            assertThat(interrupted.from()).isEqualTo(((ShardSubscribedEvent) application.events.get(0)).node());
        });
        assertThat(application.events.get(2)).isInstanceOfSatisfying(ShardRestoredEvent.class, restored -> {
            assertThat(restored.to()).isNotEqualTo(restored.from());
            assertThat(restored.duration()).isBetween(Duration.ZERO, Duration.ofSeconds(10));
        });
    }

    @Test
    void isSubscribedAgainWhileItStillThinksAboutAnEvent() {
        Application application = start();
        awaitEvents(application, 1);
        application.eventRelease = new CountDownLatch(1);
        LiveCluster.moveSlotOf(CHANNEL);
        ShardedPublisher publisher = context().getBean(ShardedPublisher.class);
        await().until(() -> publisher.publish(CHANNEL, "after the move") == 1);
        assertThat(application.events).hasSize(1);
        application.eventRelease.countDown();
        awaitEvents(application, 3);
    }

    @Test
    void decidesItselfWhenToSubscribeAgain() {
        Application application = start("sharded-pubsub.resubscribe.mode=notify");
        ShardedPublisher publisher = context().getBean(ShardedPublisher.class);
        awaitEvents(application, 1);
        LiveCluster.moveSlotOf(CHANNEL);
        awaitEvents(application, 2);
        assertThat(publisher.publish(CHANNEL, "nobody listens")).isZero();

        context().getBean(ShardSubscriptions.class).resubscribe(ChannelName.of(CHANNEL));
        awaitEvents(application, 3);
        assertThat(application.events.get(2)).isInstanceOf(ShardRestoredEvent.class);
        assertThat(publisher.publish(CHANNEL, "somebody listens")).isEqualTo(1);
    }

    @Test
    void isToldOnceOfABurstThatDidNotFit() throws InterruptedException {
        Application application = start();
        publish(1);
        application.begun.await();
        publish(40);
        awaitEvents(application, 2);
        assertThat(application.events.get(1)).isInstanceOfSatisfying(ShardMessagesDroppedEvent.class, dropped -> {
            assertThat(dropped.channel()).isEqualTo(CHANNEL);
            assertThat(dropped.overflow()).isEqualTo(OverflowPolicy.DROP_OLDEST);
            assertThat(dropped.capacity()).isEqualTo(20);
        });
        assertThat(application.events).hasSize(2);
    }

    @Test
    void takesWhatItHasReceivedBeforeItEnds() throws InterruptedException {
        Application application = start();
        publish(10);
        application.begun.await();
        CompletableFuture<Void> closing = CompletableFuture.runAsync(context()::close);
        await().until(() -> LiveCluster.get().masters().stream()
                .allMatch(node -> node.command("PUBSUB", "SHARDNUMSUB", CHANNEL).endsWith("0")));
        assertThat(closing).isNotDone();
        application.release.countDown();
        assertThat(closing).succeedsWithin(Duration.ofSeconds(10));
        assertThat(application.received)
                .isEqualTo(IntStream.range(0, 10).mapToObj(String::valueOf).toList());
    }

    @Test
    void endsInTimeAlthoughAListenerDoesNot() throws InterruptedException {
        Application application = start("sharded-pubsub.listener.shutdown-timeout=100ms");
        publish(5);
        application.begun.await();
        assertThat(CompletableFuture.runAsync(context()::close))
                .as("well below the default")
                .succeedsWithin(Duration.ofSeconds(6));
        assertThat(application.received).isEmpty();
    }

    @Test
    void isStoppedAndStartedAsAWholeAndByItsListeners() {
        Application application = start();
        application.release.countDown();
        context().stop();
        context().start();
        publish(1);
        await().until(() -> application.received.size() == 1);
        ShardedRedisListenerRegistry registry = context().getBean(ShardedRedisListenerRegistry.class);
        registry.getListener("listening").stop();
        ShardedPublisher publisher = context().getBean(ShardedPublisher.class);
        await().until(() -> publisher.publish(CHANNEL, "nobody listens") == 0);
        registry.getListener("listening").start();
        assertThat(publisher.publish(CHANNEL, "again")).isEqualTo(1);
        await().until(() -> application.received.contains("again"));
    }
}
