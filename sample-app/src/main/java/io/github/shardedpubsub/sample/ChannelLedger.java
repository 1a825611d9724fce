package io.github.shardedpubsub.sample;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was published to a channel and what came out of it. Lost is what Redis accepted, and a later message has overtaken. Safe for
 * use by any thread.
 */
class ChannelLedger {

    /** Numbers are remembered so long at most; what is missing longer will not come any more. */
    private static final int REMEMBERED = 1000;

    private long sent;

    private long published;

    private long failed;

    private long received;

    private long last;

    private long lost;

    private long doubled;

    private long outOfOrder;

    private final Set<Long> missing = new LinkedHashSet<>();

    private final Set<Long> failedAhead = new HashSet<>();

    private boolean inFlight;

    private @Nullable Position position;

    /**
     * The figures at one moment.
     */
    record Figures(
            long published,
            long failed,
            long received,
            long lost,
            long doubled,
            long outOfOrder,
            @Nullable Position position) {}

    /** The next message's number, or 0 while an earlier message has no answer yet: then this turn is left out. */
    synchronized long send() {
        if (this.inFlight) {
            return 0;
        }
        this.inFlight = true;
        return ++this.sent;
    }

    /** Redis has taken the message. */
    synchronized void accepted() {
        this.inFlight = false;
        this.published++;
    }

    /** Redis has not taken the message, as far as one can tell. */
    synchronized void failed(long number) {
        this.inFlight = false;
        this.failed++;
        if (this.missing.remove(number)) {
            this.lost--;
        } else if (number > this.last) {
            this.failedAhead.add(number);
        }
    }

    synchronized void received(Position position) {
        long number = position.number();
        if (number > this.last) {
            for (long skipped = this.last + 1; skipped < number; skipped++) {
                if (!this.failedAhead.remove(skipped)) {
                    miss(skipped);
                }
            }
            this.failedAhead.remove(number);
            this.last = number;
            this.received++;
            this.position = position;
        } else if (this.missing.remove(number)) {
            this.lost--;
            this.outOfOrder++;
            this.received++;
        } else {
            this.doubled++;
        }
    }

    private void miss(long number) {
        this.lost++;
        this.missing.add(number);
        if (this.missing.size() > REMEMBERED) {
            this.missing.remove(this.missing.iterator().next());
        }
    }

    synchronized Figures figures() {
        return new Figures(
                this.published, this.failed, this.received, this.lost, this.doubled, this.outOfOrder, this.position);
    }
}
