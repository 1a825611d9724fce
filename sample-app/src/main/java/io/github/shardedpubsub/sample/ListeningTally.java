package io.github.shardedpubsub.sample;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one listener heard of one channel: a message is missed if Redis has accepted it and it was not heard within
 * {@link #PATIENCE}, whoever listens, or within that which was {@linkplain #beginAnew set}. What was accepted before the listener heard its first message does not count. Safe for use by
 * any thread; times are those of {@link System#nanoTime()}.
 */
class ListeningTally {

    static final Duration PATIENCE = Duration.ofSeconds(2);

    /** Numbers are remembered so long at most; what is missing longer will not come any more. */
    private static final int REMEMBERED = 1000;

    private final Map<Long, Long> awaited = new LinkedHashMap<>();

    private final Set<Long> heardAhead = new LinkedHashSet<>();

    private final Set<Long> overdue = new LinkedHashSet<>();

    private long patience = PATIENCE.toNanos();

    private long lastAccepted;

    private long lastHeard;

    private long lastMissed;

    private long heard;

    private long missed;

    private @Nullable Position position;

    /**
     * The figures at one moment.
     *
     * @param heard how many messages were heard
     * @param missed how many were not
     * @param silent whether nothing was heard since the last that was missed
     * @param position the last that was heard
     */
    record Figures(
            long heard,
            long missed,
            boolean silent,
            @Nullable Position position) {}

    /** Redis has taken the message. */
    synchronized void accepted(long number, long nanos) {
        expire(nanos);
        this.lastAccepted = Math.max(this.lastAccepted, number);
        if (!this.heardAhead.remove(number)) {
            this.awaited.put(number, nanos);
        }
    }

    synchronized void heard(Position message, long nanos) {
        long number = message.number();
        if (this.heard == 0) {
            this.awaited.keySet().removeIf(earlier -> earlier < number);
        }
        expire(nanos);
        this.heard++;
        if (this.awaited.remove(number) == null) {
            if (this.overdue.remove(number)) {
                this.missed--;
            } else if (number > this.lastAccepted) {
                remember(this.heardAhead, number);
            }
        }
        if (number > this.lastHeard) {
            this.lastHeard = number;
            this.position = message;
        }
    }

    /** Nothing is missed yet, whatever was accepted. */
    synchronized void beginAnew(Duration patience) {
        this.awaited.clear();
        this.overdue.clear();
        this.missed = 0;
        this.patience = patience.toNanos();
    }

    synchronized Figures figures(long nanos) {
        expire(nanos);
        return new Figures(this.heard, this.missed, this.lastMissed > this.lastHeard, this.position);
    }

    private void expire(long nanos) {
        Iterator<Map.Entry<Long, Long>> oldestFirst = this.awaited.entrySet().iterator();
        while (oldestFirst.hasNext()) {
            Map.Entry<Long, Long> oldest = oldestFirst.next();
            if (nanos - oldest.getValue() < this.patience) {
                return;
            }
            oldestFirst.remove();
            this.missed++;
            this.lastMissed = oldest.getKey();
            remember(this.overdue, oldest.getKey());
        }
    }

    private static void remember(Set<Long> numbers, long number) {
        numbers.add(number);
        if (numbers.size() > REMEMBERED) {
            numbers.remove(numbers.iterator().next());
        }
    }
}
