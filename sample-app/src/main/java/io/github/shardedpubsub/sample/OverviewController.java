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
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class OverviewController {

    private final ClusterNodes nodes;

    private final CourierLedger couriers;

    private final ShardSubscriptions subscriptions;

    private final DispatchBoard board;

    private final SlotMover mover;

    OverviewController(
            ClusterNodes nodes,
            CourierLedger couriers,
            ShardSubscriptions subscriptions,
            DispatchBoard board,
            SlotMover mover) {
        this.nodes = nodes;
        this.couriers = couriers;
        this.subscriptions = subscriptions;
        this.board = board;
        this.mover = mover;
    }

    @GetMapping("/api/overview")
    Overview overview() {
        List<Overview.Channel> channels = this.couriers.byChannel().entrySet().stream()
                .map(entry -> channel(entry.getKey(), entry.getValue().figures()))
                .toList();
        return new Overview(this.nodes.nodes(), channels, totals(channels), this.board.last(), this.mover.progress());
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

    private static Overview.Totals totals(List<Overview.Channel> channels) {
        return new Overview.Totals(
                channels.size(),
                (int) channels.stream()
                        .filter(channel -> channel.state().equals("SUBSCRIBED"))
                        .count(),
                sum(channels, Overview.Channel::published),
                sum(channels, Overview.Channel::failed),
                sum(channels, Overview.Channel::received),
                sum(channels, Overview.Channel::lost),
                sum(channels, Overview.Channel::doubled),
                sum(channels, Overview.Channel::outOfOrder),
                sum(channels, Overview.Channel::interruptions),
                channels.stream()
                        .map(Overview.Channel::lastInterruptionMillis)
                        .filter(Objects::nonNull)
                        .max(Double::compare)
                        .orElse(null));
    }

    private static long sum(List<Overview.Channel> channels, ToLongFunction<Overview.Channel> figure) {
        return channels.stream().mapToLong(figure).sum();
    }
}
