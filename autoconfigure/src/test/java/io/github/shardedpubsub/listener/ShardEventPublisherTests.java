package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ShardEventPublisherTests {

    private static final ChannelName CHANNEL = ChannelName.of("orders");

    private static final NodeAddress NODE = new NodeAddress("127.0.0.1", 7000);

    private static final NodeAddress OTHER = new NodeAddress("127.0.0.1", 7001);

    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

    private static final Interruption BEGUN =
            new Interruption(InterruptionCause.ENDED_BY_SERVER, NOW, NODE, null, "the slot has moved");

    private static final Interruption OVER =
            new Interruption(InterruptionCause.ENDED_BY_SERVER, NOW, NODE, Duration.ofMillis(7), "the slot has moved");

    private final List<Object> published = new CopyOnWriteArrayList<>();

    private final List<String> threads = new CopyOnWriteArrayList<>();

    private final CountDownLatch release = new CountDownLatch(1);

    private boolean slow;

    private final ShardEventPublisher publisher =
            new ShardEventPublisher(this::listen, Clock.fixed(NOW, ZoneOffset.UTC), 1000);

    private void listen(Object event) {
        if (this.slow) {
            try {
                this.release.await();
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
        }
        this.threads.add(Thread.currentThread().getName());
        this.published.add(event);
        if (event instanceof ShardRefusedEvent) {
            throw new IllegalStateException("event listener");
        }
    }

    @AfterEach
    void stop() {
        this.release.countDown();
        this.publisher.destroy();
    }

    private void change(
            @Nullable ChannelState from,
            @Nullable ChannelState to,
            @Nullable NodeAddress node,
            @Nullable Interruption interruption) {
        this.publisher.channelChanged(
                new ChannelTransition(CHANNEL, 42, from, to, node, interruption, NOW, "NOPERM no"));
    }

    private void awaitPublished(Object... events) {
        await().untilAsserted(() -> assertThat(this.published).containsExactly(events));
    }

    @Test
    void tellsTheWholeLifeOfAChannelInOrder() {
        change(null, ChannelState.WANTED, null, null);
        change(ChannelState.WANTED, ChannelState.SUBSCRIBING, NODE, null);
        change(ChannelState.SUBSCRIBING, ChannelState.SUBSCRIBED, NODE, null);
        change(ChannelState.SUBSCRIBED, ChannelState.INTERRUPTED, NODE, BEGUN);
        change(ChannelState.INTERRUPTED, ChannelState.SUBSCRIBED, OTHER, OVER);
        change(ChannelState.SUBSCRIBED, null, OTHER, null);
        awaitPublished(
                new ShardSubscribedEvent("orders", 42, NODE, NOW),
                new ShardInterruptedEvent(
                        "orders", 42, InterruptionCause.ENDED_BY_SERVER, NOW, NODE, "the slot has moved"),
                new ShardRestoredEvent(
                        "orders", 42, InterruptionCause.ENDED_BY_SERVER, NOW, Duration.ofMillis(7), NODE, OTHER));
        assertThat(this.threads).containsOnly("sharded-pubsub-events");
    }

    @Test
    void aHandoverWithoutAnInterruptionIsNoEvent() {
        change(ChannelState.SUBSCRIBED, ChannelState.SUBSCRIBED, OTHER, null);
        change(ChannelState.SUBSCRIBED, ChannelState.INTERRUPTED, OTHER, BEGUN);
        await().until(() -> !this.published.isEmpty());
        assertThat(this.published).singleElement().isInstanceOf(ShardInterruptedEvent.class);
    }

    @Test
    void goesOnAfterAnEventListenerThatThrows() {
        change(ChannelState.SUBSCRIBING, ChannelState.REFUSED, NODE, null);
        change(ChannelState.REFUSED, ChannelState.SUBSCRIBED, NODE, null);
        awaitPublished(
                new ShardRefusedEvent("orders", 42, NODE, "NOPERM no", NOW),
                new ShardSubscribedEvent("orders", 42, NODE, NOW));
    }

    @Test
    void tellsOfAFullQueue() {
        this.publisher.overflowed(CHANNEL, OverflowPolicy.DROP_NEWEST, 5);
        awaitPublished(new ShardMessagesDroppedEvent("orders", OverflowPolicy.DROP_NEWEST, 5, NOW));
    }

    @Test
    void aSlowEventListenerHoldsUpNobodyAndTheQueueIsBounded() {
        this.slow = true;
        IntStream.range(0, 1500).forEach(i -> this.publisher.overflowed(CHANNEL, OverflowPolicy.DROP_NEWEST, i + 1));
        assertThat(this.publisher.dropped()).isEqualTo(499);
        this.release.countDown();
        await().until(() -> this.published.size() == 1001);
        assertThat(this.published)
                .extracting(event -> ((ShardMessagesDroppedEvent) event).capacity())
                .isEqualTo(IntStream.rangeClosed(1, 1001).boxed().toList());
    }
}
