package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.ChannelTable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How all wanted channels stand, for those who look, and the telling of every change. Changed on the subscriptions' own thread
 * only, and read by any.
 */
final class Standings {

    private static final Logger logger = LoggerFactory.getLogger(Standings.class);

    private static final int REMEMBERED_MOVES = 100;

    private static final Comparator<WantedChannel> BY_NAME = Comparator.comparing(channel -> channel.name);

    private final Timeline timeline;

    private final ChannelTable<WantedChannel> channels = new ChannelTable<>();

    /** Of the channels that are not confirmed, in the order of their last changes. Others read it under its monitor. */
    private final Chain<Pursuit> unconfirmed = new Chain<>();

    private final AtomicIntegerArray counts = new AtomicIntegerArray(ChannelState.values().length);

    private final Deque<ChannelTransition> lastMoves = new ArrayDeque<>();

    private final List<SubscriptionObserver> observers = new CopyOnWriteArrayList<>();

    Standings(Timeline timeline) {
        this.timeline = timeline;
    }

    @Nullable
    WantedChannel get(ChannelName name) {
        return this.channels.get(name);
    }

    boolean isEmpty() {
        return this.channels.size() == 0;
    }

    ChannelTable<WantedChannel> all() {
        return this.channels;
    }

    /** The channel by this name, if it is wanted. */
    Iterable<WantedChannel> only(ChannelName name) {
        WantedChannel channel = this.channels.get(name);
        return channel == null ? List.of() : List.of(channel);
    }

    /** Of all that are not confirmed. */
    Iterable<Pursuit> unconfirmed() {
        return this.unconfirmed;
    }

    WantedChannel add(ChannelName name) {
        Instant now = this.timeline.now();
        WantedChannel channel = new WantedChannel(name, Standing.wanted(now));
        this.channels.put(channel);
        enter(channel);
        tell(channel, null, ChannelState.WANTED, null, null, now, "claimed");
        return channel;
    }

    void remove(WantedChannel channel) {
        Standing before = channel.standing;
        this.channels.remove(channel);
        leave(channel);
        tell(channel, before.state(), null, before.node(), null, this.timeline.now(), "released");
    }

    /** Claimed again after its last release had been carried out, or nearly. */
    void wantedAgain(WantedChannel channel) {
        if (channel.standing.state() == ChannelState.SUBSCRIBED) {
            change(channel, ChannelState.WANTED, channel.standing.node(), null, null, "claimed again");
        }
    }

    void subscribing(WantedChannel channel, NodeAddress node) {
        if (channel.standing.state() == ChannelState.WANTED) {
            change(channel, ChannelState.SUBSCRIBING, node, null, null, "asked");
        }
    }

    void subscribed(WantedChannel channel, NodeAddress node) {
        Standing before = channel.standing;
        Interruption open = before.lastInterruption();
        Interruption over = null;
        if (open != null && open.duration() == null) {
            over = new Interruption(
                    open.cause(),
                    open.since(),
                    open.from(),
                    Duration.between(open.since(), this.timeline.now()),
                    open.detail());
            channel.standing = before.with(over, before.interruptions());
        }
        change(channel, ChannelState.SUBSCRIBED, node, over, null, "confirmed");
    }

    /** Confirmed at another node without an interruption. */
    void handedOver(WantedChannel channel, NodeAddress from, NodeAddress to) {
        change(channel, ChannelState.SUBSCRIBED, to, null, null, "handed over by " + from);
        observe(observer -> observer.handedOver(channel.name, from, to));
    }

    void interrupted(WantedChannel channel, InterruptionCause cause, NodeAddress node, Instant since, String detail) {
        Standing before = channel.standing;
        Interruption begun = new Interruption(cause, since, node, null, detail);
        channel.standing = before.with(begun, before.interruptions() + 1);
        change(channel, ChannelState.INTERRUPTED, node, begun, detail, detail);
    }

    void refused(WantedChannel channel, NodeAddress node, String error) {
        if (channel.standing.state() != ChannelState.REFUSED) {
            change(channel, ChannelState.REFUSED, node, null, error, error);
        }
    }

    /** An attempt failed; the channel stands as before. */
    void failed(WantedChannel channel, @Nullable NodeAddress node, String error) {
        channel.standing = channel.standing.withError(node, error);
    }

    private void change(
            WantedChannel channel,
            ChannelState to,
            @Nullable NodeAddress node,
            @Nullable Interruption interruption,
            @Nullable String error,
            String detail) {
        ChannelState from = channel.standing.state();
        Instant now = this.timeline.now();
        leave(channel);
        channel.standing = channel.standing.with(to, now, node, error);
        enter(channel);
        tell(channel, from, to, node, interruption, now, detail);
    }

    private void enter(WantedChannel channel) {
        ChannelState state = channel.standing.state();
        this.counts.incrementAndGet(state.ordinal());
        if (state != ChannelState.SUBSCRIBED) {
            synchronized (this.unconfirmed) {
                this.unconfirmed.add(channel.pursuit());
            }
        }
    }

    private void leave(WantedChannel channel) {
        ChannelState state = channel.standing.state();
        this.counts.decrementAndGet(state.ordinal());
        if (state != ChannelState.SUBSCRIBED) {
            synchronized (this.unconfirmed) {
                this.unconfirmed.remove(channel.pursuit());
            }
        }
    }

    private void tell(
            WantedChannel channel,
            @Nullable ChannelState from,
            @Nullable ChannelState to,
            @Nullable NodeAddress node,
            @Nullable Interruption interruption,
            Instant at,
            String detail) {
        ChannelTransition transition =
                new ChannelTransition(channel.name, channel.slot, from, to, node, interruption, at, detail);
        if (interruption != null) {
            remember(transition);
        }
        observe(observer -> observer.channelChanged(transition));
    }

    private void remember(ChannelTransition transition) {
        synchronized (this.lastMoves) {
            this.lastMoves.addFirst(transition);
            if (this.lastMoves.size() > REMEMBERED_MOVES) {
                this.lastMoves.removeLast();
            }
        }
    }

    void addObserver(SubscriptionObserver observer) {
        this.observers.add(observer);
    }

    /** May be called from any thread. */
    void observe(Consumer<SubscriptionObserver> event) {
        for (SubscriptionObserver observer : this.observers) {
            try {
                event.accept(observer);
            } catch (RuntimeException ex) {
                logger.error("The observer {} failed", observer, ex);
            }
        }
    }

    Map<ChannelState, Integer> counts() {
        Map<ChannelState, Integer> counts = new EnumMap<>(ChannelState.class);
        for (ChannelState state : ChannelState.values()) {
            counts.put(state, this.counts.get(state.ordinal()));
        }
        return counts;
    }

    List<ChannelStatus> unconfirmed(int limit) {
        List<ChannelStatus> longest = new ArrayList<>();
        synchronized (this.unconfirmed) {
            for (Pursuit pursuit : this.unconfirmed) {
                if (longest.size() == limit) {
                    break;
                }
                longest.add(status(pursuit.channel));
            }
        }
        return longest;
    }

    List<ChannelStatus> statuses() {
        return StreamSupport.stream(this.channels.spliterator(), false)
                .sorted(BY_NAME)
                .map(Standings::status)
                .toList();
    }

    /** Keeps no more of them than there are up to the end of the page, and copies no more than the page has. */
    ChannelPage page(ChannelQuery query) {
        long end = (long) query.offset() + query.limit();
        PriorityQueue<WantedChannel> first = new PriorityQueue<>(BY_NAME.reversed());
        int matching = 0;
        for (WantedChannel channel : this.channels) {
            if (query.matches(channel.name, channel.standing)) {
                matching++;
                first.add(channel);
                if (first.size() > end) {
                    first.remove();
                }
            }
        }
        return new ChannelPage(
                matching,
                first.stream()
                        .sorted(BY_NAME)
                        .skip(query.offset())
                        .map(Standings::status)
                        .toList());
    }

    Optional<ChannelStatus> status(ChannelName name) {
        return Optional.ofNullable(this.channels.get(name)).map(Standings::status);
    }

    List<ChannelTransition> lastMoves() {
        synchronized (this.lastMoves) {
            return new ArrayList<>(this.lastMoves);
        }
    }

    private static ChannelStatus status(WantedChannel channel) {
        Standing standing = channel.standing;
        return new ChannelStatus(
                channel.name.toString(),
                channel.slot,
                standing.state(),
                standing.since(),
                standing.node(),
                standing.lastInterruption(),
                standing.interruptions(),
                standing.lastError());
    }
}
