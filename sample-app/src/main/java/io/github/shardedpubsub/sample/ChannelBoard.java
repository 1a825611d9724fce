package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * How the couriers' channels stand: what was sent and came, and the subscription.
 */
@Component
class ChannelBoard {

    private final CourierLedger couriers;

    private final ShardSubscriptions subscriptions;

    ChannelBoard(CourierLedger couriers, ShardSubscriptions subscriptions) {
        this.couriers = couriers;
        this.subscriptions = subscriptions;
    }

    List<Overview.Channel> channels() {
        return this.couriers.byChannel().entrySet().stream()
                .map(entry -> channel(entry.getKey(), entry.getValue().figures()))
                .toList();
    }

    private Overview.Channel channel(String name, ChannelLedger.Figures figures) {
        ChannelStatus status = this.subscriptions.channel(ChannelName.of(name)).orElse(null);
        return new Overview.Channel(
                name,
                SlotHash.getSlot(name),
                status == null ? null : Objects.toString(status.node(), null),
                status == null ? "UNWANTED" : status.state().name(),
                figures.published(),
                figures.failed(),
                figures.received(),
                figures.lost(),
                figures.doubled(),
                figures.outOfOrder(),
                status == null ? 0 : status.interruptions(),
                status == null ? null : millis(status.lastInterruption()),
                figures.position());
    }

    private static @Nullable Double millis(@Nullable Interruption interruption) {
        if (interruption == null) {
            return null;
        }
        Duration duration = interruption.duration();
        Duration soFar = duration != null ? duration : Duration.between(interruption.since(), Instant.now());
        return soFar.toNanos() / 1_000_000.0;
    }
}
