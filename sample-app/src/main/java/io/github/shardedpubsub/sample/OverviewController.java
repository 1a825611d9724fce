package io.github.shardedpubsub.sample;

import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class OverviewController {

    private final ClusterNodes nodes;

    private final ChannelBoard channels;

    private final DispatchBoard board;

    private final SlotMover mover;

    OverviewController(ClusterNodes nodes, ChannelBoard channels, DispatchBoard board, SlotMover mover) {
        this.nodes = nodes;
        this.channels = channels;
        this.board = board;
        this.mover = mover;
    }

    @GetMapping("/api/overview")
    Overview overview() {
        List<Overview.Channel> all = this.channels.channels();
        return new Overview(this.nodes.nodes(), all, totals(all), this.board.last(), this.mover.progress());
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
