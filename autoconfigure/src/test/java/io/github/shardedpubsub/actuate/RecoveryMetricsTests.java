package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.then;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.LostWrites;
import io.github.shardedpubsub.recovery.RecoveryObserver;
import io.github.shardedpubsub.recovery.RecoveryStatus;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.recovery.StreamPosition;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentCaptor;

class RecoveryMetricsTests {

    private static final ChannelName CHANNEL = ChannelName.of("kept");

    private final MockClock clock = new MockClock();

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, this.clock);

    private final ShardRecovery recovery = mock();

    private final ShardHistory history = mock();

    private final RecoveryMetrics metrics = new RecoveryMetrics(List.of(this.recovery), List.of(this.history));

    private RecoveryObserver observer = new RecoveryObserver() {};

    @BeforeEach
    void bind() {
        this.metrics.bindTo(this.registry);
        ArgumentCaptor<RecoveryObserver> observers = ArgumentCaptor.captor();
        then(this.recovery).should().addObserver(observers.capture());
        then(this.history).should().addObserver(observers.capture());
        assertThat(observers.getAllValues().get(0))
                .isSameAs(observers.getAllValues().get(1));
        this.observer = observers.getValue();
    }

    private double count(String suffix, String... tags) {
        return this.registry
                .get("sharded.pubsub." + suffix)
                .tags(tags)
                .counter()
                .count();
    }

    private double gauge(String suffix) {
        return this.registry.get("sharded.pubsub." + suffix).gauge().value();
    }

    private RecoveryStatus behindFor(Duration time) {
        Instant now = Instant.ofEpochMilli(this.clock.wallTime());
        return new RecoveryStatus("kept", 1, 1, now.minus(time), null, 0, 0, null, null);
    }

    @Test
    void everyMeterIsDocumentedAndThereFromTheStart() {
        assertThat(this.registry.getMeters())
                .extracting(Meter::getId)
                .isNotEmpty()
                .allSatisfy(DocumentedMeters::isDocumented);
        assertThat(count("history.writes.lost")).isZero();
        for (HistoryLoss.Cause cause : HistoryLoss.Cause.values()) {
            assertThat(count("history.lost", "cause", cause.name().toLowerCase(Locale.ROOT)))
                    .isZero();
        }
    }

    @Test
    void whatIsRecoveredIsCountedAndTimed() {
        this.observer.recovered(CHANNEL, 5, Duration.ofMillis(20));

        assertThat(count("recovered")).isEqualTo(5);
        assertThat(this.registry.get("sharded.pubsub.recoveries").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(20);
    }

    @Test
    void whatBecomesOfMessagesOtherwiseIsCountedToo() {
        StreamPosition position = StreamPosition.ORIGIN;
        this.observer.historyLost(CHANNEL, new HistoryLoss(HistoryLoss.Cause.TRIMMED, position, null));
        this.observer.writesLost("kept", new LostWrites(position, position));
        this.observer.duplicate(CHANNEL);
        this.observer.deferred(CHANNEL, 7);
        this.observer.readFailed(CHANNEL, "no answer");

        assertThat(count("history.lost", "cause", "trimmed")).isEqualTo(1);
        assertThat(count("history.writes.lost")).isEqualTo(1);
        assertThat(count("recovery.duplicates")).isEqualTo(1);
        assertThat(count("recovery.deferred")).isEqualTo(7);
        assertThat(count("history.read.failures")).isEqualTo(1);
    }

    @Test
    void thoseThatWaitAreShownWithTheLongest() {
        assertThat(gauge("recovery.behind")).isZero();
        assertThat(gauge("recovery.behind.age")).isZero();

        List<RecoveryStatus> behind = List.of(behindFor(Duration.ofSeconds(3)), behindFor(Duration.ofSeconds(1)));
        given(this.recovery.behind()).willReturn(behind);

        assertThat(gauge("recovery.behind")).isEqualTo(2);
        assertThat(Objects.requireNonNull(this.registry
                                .get("sharded.pubsub.recovery.behind.age")
                                .timeGauge())
                        .value(TimeUnit.SECONDS))
                .isEqualTo(3);
    }
}
