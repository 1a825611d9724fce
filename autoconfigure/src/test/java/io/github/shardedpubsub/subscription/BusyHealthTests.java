package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Health;

/** Who looks waits for nobody: not for the subscriptions' own thread, and so not for the network either. */
class BusyHealthTests {

    private final Simulation simulation = new Simulation(7, 3);

    @Test
    void healthIsSeenInTheMiddleOfAStepOfTheSubscriptions() {
        this.simulation.subscribed("orders");
        ShardedPubSubHealthIndicator indicator =
                new ShardedPubSubHealthIndicator(this.simulation.subscriptions, Duration.ofSeconds(5));

        Health health = seenInTheMiddleOfAStep(indicator::health);

        assertThat(health)
                .isNotNull()
                .satisfies(seen -> assertThat(seen.getDetails()).containsKeys("channels", "patienceMillis"));
    }

    @Test
    void theEndpointIsReadInTheMiddleOfAStepOfTheSubscriptions() {
        this.simulation.subscribed("orders");
        ShardedPubSubEndpoint endpoint = new ShardedPubSubEndpoint(this.simulation.subscriptions);

        assertThat(seenInTheMiddleOfAStep(() -> endpoint.subscriptions(null, null, null, null, null)))
                .isNotNull()
                .satisfies(seen -> assertThat(seen.channels()).hasSize(1));
    }

    private <T> @Nullable T seenInTheMiddleOfAStep(Supplier<T> look) {
        AtomicReference<T> seen = new AtomicReference<>();
        this.simulation.time.execute(() -> seen.set(CompletableFuture.supplyAsync(look)
                .orTimeout(10, TimeUnit.SECONDS)
                .join()));
        this.simulation.run(Duration.ofMillis(1));
        return seen.get();
    }
}
