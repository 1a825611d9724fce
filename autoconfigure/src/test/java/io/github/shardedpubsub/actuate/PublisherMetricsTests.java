package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.publisher.PublishOutcome;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PublisherMetricsTests {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private final MeteredPublishing metered = new MeteredPublishing(this.registry);

    private Timer published(String outcome) {
        return this.registry
                .get("sharded.pubsub.published")
                .tag("outcome", outcome)
                .timer();
    }

    private double count(String suffix) {
        return this.registry.get("sharded.pubsub.published." + suffix).counter().count();
    }

    @Test
    void everythingShowsZeroBeforeAnythingHappens() {
        assertThat(published("published").count()).isZero();
        assertThat(published("refused").count()).isZero();
        assertThat(published("unknown").count()).isZero();
        assertThat(count("receivers")).isZero();
        assertThat(count("redirects")).isZero();
        assertThat(count("retries")).isZero();
    }

    @Test
    void everyMeterIsOfTheTypeAndTagsThatAreDocumented() {
        assertThat(this.registry.getMeters())
                .hasSize(6)
                .extracting(Meter::getId)
                .allSatisfy(DocumentedMeters::isDocumented);
    }

    @Test
    void timesMessagesByOutcomeAndCountsTheirReceivers() {
        this.metered.finished("orders", PublishOutcome.PUBLISHED, 3, Duration.ofMillis(2));
        this.metered.finished("orders", PublishOutcome.PUBLISHED, 4, Duration.ofMillis(3));
        this.metered.finished("orders", PublishOutcome.REFUSED, 0, Duration.ofMillis(1));
        this.metered.finished("orders", PublishOutcome.UNKNOWN, 0, Duration.ofMillis(1));
        assertThat(published("published").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(5);
        assertThat(published("refused").count()).isEqualTo(1);
        assertThat(published("unknown").count()).isEqualTo(1);
        assertThat(count("receivers")).isEqualTo(7);
    }

    @Test
    void countsRedirectsAndRetries() {
        this.metered.redirected("orders");
        this.metered.retried("orders", "CLUSTERDOWN");
        this.metered.retried("orders", "TRYAGAIN");
        assertThat(count("redirects")).isEqualTo(1);
        assertThat(count("retries")).isEqualTo(2);
    }

    @Test
    void allPublishersCountTogether() {
        List<ShardedPublisher> disconnected = List.of(disconnected(), disconnected());
        new PublisherMetrics(disconnected).bindTo(this.registry);
        disconnected.forEach(
                publisher -> assertThat(publisher.publishAsync("orders", "tea")).isCompletedExceptionally());
        assertThat(published("refused").count()).isEqualTo(2);
    }

    private static ShardedPublisher disconnected() {
        return new ShardedPublisher(
                () -> {
                    throw new IllegalStateException("stopped");
                },
                null);
    }
}
