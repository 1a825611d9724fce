package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.listener.DeliveryObserver;
import io.github.shardedpubsub.listener.DeliveryOutcome;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeliveryMetricsTests {

    private static final ChannelName CHANNEL = ChannelName.of("orders");

    private final FakeContainer first = new FakeContainer();

    private final FakeContainer second = new FakeContainer();

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private final DeliveryMetrics metrics = new DeliveryMetrics(List.of(this.first, this.second));

    DeliveryMetricsTests() {
        this.metrics.bindTo(this.registry);
    }

    @Test
    void everythingShowsZeroBeforeAnythingHappens() {
        assertThat(count("messages")).isZero();
        assertThat(count("dropped")).isZero();
        assertThat(count("executor.refusals")).isZero();
        assertThat(listener("success").count()).isZero();
        assertThat(listener("error").count()).isZero();
    }

    @Test
    void everyMeterIsOfTheTypeAndTagsThatAreDocumented() {
        assertThat(this.registry.getMeters()).extracting(Meter::getId).allSatisfy(DocumentedMeters::isDocumented);
    }

    @Test
    void everyMeterHasABaseUnit() {
        assertThat(this.registry.getMeters())
                .allSatisfy(meter -> assertThat(meter.getId().getBaseUnit())
                        .as(meter.getId().getName())
                        .isNotBlank());
    }

    @Test
    void countsTheMessagesOfAllContainers() {
        this.first.observer().received(CHANNEL);
        this.second.observer().received(CHANNEL);

        assertThat(count("messages")).isEqualTo(2);
    }

    @Test
    void countsEveryMessageThatIsDropped() {
        this.first.observer().dropped(CHANNEL, 3);
        this.second.observer().dropped(CHANNEL, 4);

        assertThat(count("dropped")).isEqualTo(7);
    }

    @Test
    void countsTheRefusalsOfTaskExecutors() {
        this.first.observer().refused();
        this.second.observer().refused();

        assertThat(count("executor.refusals")).isEqualTo(2);
    }

    @Test
    void timesListenersByOutcome() {
        this.first.observer().delivered(CHANNEL, DeliveryOutcome.SUCCESS, Duration.ofMillis(2));
        this.first.observer().delivered(CHANNEL, DeliveryOutcome.ERROR, Duration.ofMillis(3));

        assertThat(listener("success").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(2);
        assertThat(listener("error").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(3);
    }

    @Test
    void theQueuesOfAllContainersCountTogether() {
        this.first.queued = 5;
        this.second.queued = 6;

        assertThat(gauge("queue.size")).isEqualTo(11);
    }

    @Test
    void withoutAContainerTheQueueIsEmpty() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        DeliveryMetrics metrics = new DeliveryMetrics(List.of());

        metrics.bindTo(registry);

        assertThat(registry.get("sharded.pubsub.queue.size").gauge().value()).isZero();
    }

    private double count(String suffix) {
        return this.registry.get("sharded.pubsub." + suffix).counter().count();
    }

    private double gauge(String suffix) {
        return this.registry.get("sharded.pubsub." + suffix).gauge().value();
    }

    private Timer listener(String outcome) {
        return this.registry
                .get("sharded.pubsub.listener")
                .tag("outcome", outcome)
                .timer();
    }

    private static final class FakeContainer extends ShardedRedisMessageListenerContainer {

        private final List<DeliveryObserver> observers = new ArrayList<>();

        private int queued;

        FakeContainer() {
            super(new FakeShardSubscriptions());
        }

        DeliveryObserver observer() {
            return this.observers.get(0);
        }

        @Override
        public void addDeliveryObserver(DeliveryObserver observer) {
            this.observers.add(observer);
        }

        @Override
        public int queueSize() {
            return this.queued;
        }
    }
}
