package io.github.shardedpubsub.sample;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * What has happened lately: a bounded number of entries, and like things in quick succession are one. Safe for use by any thread.
 */
@Component
class EventHistory {

    static final int KEPT = 100;

    static final Duration QUICK = Duration.ofSeconds(3);

    private final Clock clock;

    private final Deque<Entry> entries = new ArrayDeque<>();

    private final Map<Key, Entry> growing = new HashMap<>();

    private long changes;

    /** What can happen. */
    enum Kind {
        SLOTS_MOVED,
        HANDED_OVER,
        INTERRUPTED,
        RESTORED,
        NODE_DOWN,
        NODE_UP,
        NODE_ADDED,
        PROMOTED,
        DEMOTED,
        LOST,
        RECOVERED,
        HISTORY_LOST,
        LETTUCE_SILENT
    }

    /**
     * One entry.
     *
     * @param id never changes
     * @param change grows with every change of any entry
     * @param at milliseconds since 1970, when the first of it happened
     * @param until when the last did
     * @param count how many there were
     * @param from the address of the node it concerns, or that it goes from
     * @param to the address of the node that it goes to
     * @param channel the last channel concerned
     * @param millis the longest duration
     */
    record Entry(
            long id,
            long change,
            long at,
            long until,
            Kind kind,
            int count,
            @Nullable String from,
            @Nullable String to,
            @Nullable String channel,
            @Nullable Double millis,
            @Nullable String detail) {}

    /**
     * What happened, to be entered.
     */
    record Event(
            Kind kind,
            int count,
            @Nullable String from,
            @Nullable String to,
            @Nullable String channel,
            @Nullable Double millis,
            @Nullable String detail) {

        static Event of(Kind kind, int count, @Nullable String from, @Nullable String to) {
            return new Event(kind, count, from, to, null, null, null);
        }
    }

    private record Key(
            Kind kind,
            @Nullable String from,
            @Nullable String to,
            @Nullable String detail) {}

    EventHistory() {
        this(Clock.systemUTC());
    }

    EventHistory(Clock clock) {
        this.clock = clock;
    }

    synchronized void add(Event event) {
        long now = this.clock.millis();
        Key key = new Key(event.kind(), event.from(), event.to(), event.detail());
        Entry grown = this.growing.get(key);
        this.changes++;
        if (grown != null && now - grown.until() < QUICK.toMillis() && this.entries.remove(grown)) {
            enter(key, with(event, grown.id(), grown.at(), now, grown.count() + event.count(), grown.millis()));
        } else {
            enter(key, with(event, this.changes, now, now, event.count(), null));
        }
        while (this.entries.size() > KEPT) {
            Entry oldest = this.entries.removeFirst();
            this.growing.values().remove(oldest);
        }
    }

    private Entry with(Event event, long id, long at, long until, int count, @Nullable Double longest) {
        Double millis = event.millis();
        return new Entry(
                id,
                this.changes,
                at,
                until,
                event.kind(),
                count,
                event.from(),
                event.to(),
                event.channel(),
                longest == null || (millis != null && millis > longest) ? millis : longest,
                event.detail());
    }

    private void enter(Key key, Entry entry) {
        this.entries.addLast(entry);
        this.growing.put(key, entry);
    }

    /** The entries that are new or have changed since, in the order of their last change. */
    synchronized List<Entry> since(long change) {
        return this.entries.stream().filter(entry -> entry.change() > change).toList();
    }

    List<Entry> all() {
        return since(0);
    }
}
