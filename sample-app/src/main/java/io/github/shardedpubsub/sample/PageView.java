package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * What there is to see, and what of it has changed since the last time. Used by one thread at a time.
 */
@Component
class PageView {

    private final ClusterNodes cluster;

    private final ClusterWatch watch;

    private final ChannelBoard channels;

    private final Listeners listeners;

    private final CourierRecovery recovery;

    private final ShardSubscriptions subscriptions;

    private final SubscriptionEvents told;

    private final EventHistory history;

    private final PulseRecorder pulses;

    private final SlotMover mover;

    private final DispatchBoard board;

    private Shown shown = new Shown();

    PageView(
            ClusterNodes cluster,
            ClusterWatch watch,
            ChannelBoard channels,
            Listeners listeners,
            CourierRecovery recovery,
            ShardSubscriptions subscriptions,
            SubscriptionEvents told,
            EventHistory history,
            PulseRecorder pulses,
            SlotMover mover,
            DispatchBoard board) {
        this.cluster = cluster;
        this.watch = watch;
        this.channels = channels;
        this.listeners = listeners;
        this.recovery = recovery;
        this.subscriptions = subscriptions;
        this.told = told;
        this.history = history;
        this.pulses = pulses;
        this.mover = mover;
        this.board = board;
    }

    /** What was shown already. */
    private static final class Shown {

        private @Nullable List<ClusterNodes.Node> nodes;

        private @Nullable List<PageUpdate.Connection> connections;

        private final Map<Integer, PageUpdate.Channel> channels = new HashMap<>();

        private final Map<Integer, PageUpdate.Courier> couriers = new HashMap<>();

        private long change;

        private long pulse;
    }

    /** Everything; what {@link #changes()} gives is not affected. */
    PageUpdate everything() {
        List<Overview.Channel> all = this.channels.channels();
        return update(
                new PageUpdate.Setting(
                        this.cluster.ours(),
                        all.stream().map(Overview.Channel::channel).toList(),
                        all.stream().map(Overview.Channel::slot).toList()),
                all,
                new Shown());
    }

    /** What has changed since this was called last. */
    PageUpdate changes() {
        return update(null, this.channels.channels(), this.shown);
    }

    private PageUpdate update(PageUpdate.@Nullable Setting setting, List<Overview.Channel> all, Shown before) {
        List<ClusterNodes.Node> nodes = this.watch.nodes();
        boolean sameNodes = nodes.equals(before.nodes);
        before.nodes = nodes;
        List<PageUpdate.Connection> connections = connections();
        boolean sameConnections = connections.equals(before.connections);
        before.connections = connections;
        List<ListeningTally.Figures> ours =
                List.copyOf(this.listeners.ours().figures().values());
        List<EventHistory.Entry> events = this.history.since(before.change);
        events.forEach(entry -> before.change = Math.max(before.change, entry.change()));
        List<Pulse> fresh = this.pulses.since(before.pulse);
        fresh.forEach(pulse -> before.pulse = pulse.at());
        Announcement announcement = this.board.last();
        return new PageUpdate(
                setting,
                sameNodes ? null : nodes,
                sameConnections ? null : connections,
                changed(all, ours, before.channels),
                headline(all, ours),
                events,
                fresh,
                this.mover.progress(),
                new PageUpdate.Recovery(this.recovery.isOn(), this.recovery.messages()),
                lettuceAlone(before.couriers),
                announcement == null ? null : announcement.text());
    }

    private List<PageUpdate.Connection> connections() {
        return this.subscriptions.nodes().stream()
                .map(node -> new PageUpdate.Connection(
                        node.address().toString(), node.connected(), node.subscribed(), node.lastError()))
                .toList();
    }

    private static List<PageUpdate.Channel> changed(
            List<Overview.Channel> all, List<ListeningTally.Figures> ours, Map<Integer, PageUpdate.Channel> before) {
        List<PageUpdate.Channel> changed = new ArrayList<>();
        for (int index = 0; index < all.size(); index++) {
            Overview.Channel channel = all.get(index);
            ListeningTally.Figures figures = ours.get(index);
            PageUpdate.Channel now = new PageUpdate.Channel(
                    index,
                    channel.node(),
                    channel.state(),
                    Courier.column(figures.position()),
                    Courier.row(figures.position()),
                    figures.heard(),
                    figures.missed(),
                    figures.silent(),
                    channel.interruptions(),
                    channel.lastInterruptionMillis());
            if (!now.equals(before.put(index, now))) {
                changed.add(now);
            }
        }
        return changed;
    }

    private PageUpdate.Headline headline(List<Overview.Channel> all, List<ListeningTally.Figures> ours) {
        int alive = 0;
        for (int index = 0; index < all.size(); index++) {
            if (all.get(index).state().equals("SUBSCRIBED") && !ours.get(index).silent()) {
                alive++;
            }
        }
        return new PageUpdate.Headline(
                all.size(),
                alive,
                ours.stream().mapToLong(ListeningTally.Figures::heard).sum(),
                ours.stream().mapToLong(ListeningTally.Figures::missed).sum(),
                all.stream().mapToLong(Overview.Channel::failed).sum(),
                this.told.interruptions(),
                this.told.handovers());
    }

    private PageUpdate.@Nullable LettuceAlone lettuceAlone(Map<Integer, PageUpdate.Courier> before) {
        ListeningBook book = this.listeners.lettuceAlone();
        if (book == null) {
            before.clear();
            return null;
        }
        List<ListeningTally.Figures> theirs = List.copyOf(book.figures().values());
        List<PageUpdate.Courier> changed = new ArrayList<>();
        for (int index = 0; index < theirs.size(); index++) {
            ListeningTally.Figures figures = theirs.get(index);
            PageUpdate.Courier now = new PageUpdate.Courier(
                    index,
                    Courier.column(figures.position()),
                    Courier.row(figures.position()),
                    figures.missed(),
                    figures.silent());
            if (!Objects.equals(now, before.put(index, now))) {
                changed.add(now);
            }
        }
        return new PageUpdate.LettuceAlone(
                (int) theirs.stream().filter(figures -> !figures.silent()).count(),
                theirs.stream().mapToLong(ListeningTally.Figures::heard).sum(),
                theirs.stream().mapToLong(ListeningTally.Figures::missed).sum(),
                changed);
    }
}
