package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.listener.OverflowPolicy;
import io.github.shardedpubsub.listener.ShardEventPublisher;
import io.github.shardedpubsub.pipe.ChannelName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ShardEventMetricsTests {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private final CountDownLatch release = new CountDownLatch(1);

    @Test
    void countsEventsForWhichThereWasNoRoom() {
        ShardEventPublisher publisher = new ShardEventPublisher(
                event -> {
                    try {
                        this.release.await();
                    } catch (InterruptedException ex) {
                        Thread.currentThread().interrupt();
                    }
                },
                Clock.systemUTC(),
                2);
        new ShardEventMetrics(publisher).bindTo(this.registry);
        assertThat(this.registry.getMeters()).extracting(Meter::getId).allSatisfy(DocumentedMeters::isDocumented);
        for (int i = 0; i < 6; i++) {
            publisher.overflowed(ChannelName.of("a"), OverflowPolicy.DROP_OLDEST, 1);
        }

        assertThat(this.registry
                        .get("sharded.pubsub.events.dropped")
                        .functionCounter()
                        .count())
                .isEqualTo(3);
        this.release.countDown();
        publisher.destroy();
    }
}
