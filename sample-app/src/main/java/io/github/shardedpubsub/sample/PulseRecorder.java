package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.sample.EventHistory.Event;
import io.github.shardedpubsub.sample.EventHistory.Kind;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Takes a {@link Pulse} each second, and keeps those of the last minutes.
 */
@Component
class PulseRecorder {

    /** Three minutes. */
    static final int KEPT = 180;

    private final ChannelBoard channels;

    private final Listeners listeners;

    private final SubscriptionEvents events;

    private final EventHistory history;

    private final Clock clock;

    private final Deque<Pulse> pulses = new ArrayDeque<>();

    private final Map<String, Long> heardBefore = new HashMap<>();

    private long before;

    private int interruptionsBefore;

    private int handoversBefore;

    private long lostBefore;

    private @Nullable ListeningBook lettuceBefore;

    private long lettuceHeardBefore;

    private long lettuceSilentBefore;

    @Autowired
    PulseRecorder(ChannelBoard channels, Listeners listeners, SubscriptionEvents events, EventHistory history) {
        this(channels, listeners, events, history, Clock.systemUTC());
    }

    PulseRecorder(
            ChannelBoard channels, Listeners listeners, SubscriptionEvents events, EventHistory history, Clock clock) {
        this.channels = channels;
        this.listeners = listeners;
        this.events = events;
        this.history = history;
        this.clock = clock;
        this.before = clock.millis();
    }

    @Scheduled(fixedRateString = "${sample.pulse}")
    synchronized void record() {
        long now = this.clock.millis();
        // one that comes late is longer, and the next one shorter
        double seconds = Math.max(1, now - this.before) / 1000.0;
        this.before = now;
        Map<String, ListeningTally.Figures> ours = this.listeners.ours().figures();
        Map<String, Integer> byNode = new TreeMap<>();
        int messages = 0;
        for (Overview.Channel channel : this.channels.channels()) {
            ListeningTally.Figures figures = ours.get(channel.channel());
            long heard = figures == null ? 0 : figures.heard();
            Long before = this.heardBefore.put(channel.channel(), heard);
            int fresh = before == null ? 0 : (int) (heard - before);
            messages += fresh;
            if (channel.node() != null && fresh > 0) {
                byNode.merge(channel.node(), fresh, Integer::sum);
            }
        }
        byNode.replaceAll((node, heard) -> perSecond(heard, seconds));
        int interruptions = this.events.interruptions();
        int handovers = this.events.handovers();
        long lost = missed(ours.values());
        // what comes late after all is no loss, and less than before is none in this second
        int freshLost = (int) Math.max(0, lost - this.lostBefore);
        if (freshLost > 0) {
            this.history.add(Event.of(Kind.LOST, freshLost, null, null));
        }
        this.pulses.addLast(new Pulse(
                now,
                perSecond(messages, seconds),
                byNode,
                interruptions - this.interruptionsBefore,
                handovers - this.handoversBefore,
                freshLost,
                lettuceAlone(seconds)));
        this.interruptionsBefore = interruptions;
        this.handoversBefore = handovers;
        this.lostBefore = lost;
        if (this.pulses.size() > KEPT) {
            this.pulses.removeFirst();
        }
    }

    private static int perSecond(int messages, double seconds) {
        return (int) Math.round(messages / seconds);
    }

    private @Nullable Integer lettuceAlone(double seconds) {
        ListeningBook book = this.listeners.lettuceAlone();
        if (book != this.lettuceBefore) {
            this.lettuceBefore = book;
            this.lettuceHeardBefore = book == null ? 0 : heard(book.figures().values());
            this.lettuceSilentBefore = 0;
            return null;
        }
        if (book == null) {
            return null;
        }
        Collection<ListeningTally.Figures> figures = book.figures().values();
        long silent = figures.stream().filter(ListeningTally.Figures::silent).count();
        if (silent > this.lettuceSilentBefore) {
            this.history.add(Event.of(Kind.LETTUCE_SILENT, (int) (silent - this.lettuceSilentBefore), null, null));
        }
        this.lettuceSilentBefore = silent;
        long heard = heard(figures);
        int fresh = (int) (heard - this.lettuceHeardBefore);
        this.lettuceHeardBefore = heard;
        return perSecond(fresh, seconds);
    }

    private static long heard(Collection<ListeningTally.Figures> figures) {
        return figures.stream().mapToLong(ListeningTally.Figures::heard).sum();
    }

    private static long missed(Collection<ListeningTally.Figures> figures) {
        return figures.stream().mapToLong(ListeningTally.Figures::missed).sum();
    }

    /** Those that ended after the time, oldest first. */
    synchronized List<Pulse> since(long millis) {
        return this.pulses.stream().filter(pulse -> pulse.at() > millis).toList();
    }
}
