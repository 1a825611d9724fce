package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * When nodes stopped delivering without telling anybody, as the faults know it. Thread-safe.
 */
final class Silences {

    private static final Duration REMEMBERED = Duration.ofMinutes(3);

    /** What has happened to a node that does not deliver what it should. */
    enum Kind {

        /** Its subscriptions have ended, and on Redis 7.0 it does not say so. The audit finds it. */
        ENDED,

        /**
         * It has stopped. The heartbeat finds it; and what it had taken just before, and not yet passed on to its replicas, it passes
         * on when it is thawed: a subscriber at the replica that was promoted meanwhile gets that late, and for the second time if it
         * was at the frozen node before.
         */
        FROZEN,

        /**
         * Its shard has another master now. A subscription at the node is good, but the new master sends it nothing until it has heard
         * that the node is a replica of its own (seen on Redis 7.0: up to a second), and neither of the two tells the subscriber.
         */
        UNHEARD
    }

    /**
     * One node gone silent.
     *
     * @param lasts for so long at the most; a silence that is noticed is noticed within this time
     */
    record Silence(Kind kind, NodeAddress node, Instant from, Duration lasts) {

        private Instant until() {
            return this.from.plus(this.lasts);
        }

        /** Whether this is why an interruption was reported later than it began. */
        boolean explainsLateReportOf(Gap gap) {
            return this.kind != Kind.UNHEARD
                    && this.node.equals(gap.node())
                    && !gap.from().isBefore(this.from)
                    && !gap.from().isAfter(until());
        }

        /** Whether this is why something that was published while the node held the channel did not arrive, and nobody was told. */
        boolean swallows(Publication lost) {
            return this.kind == Kind.UNHEARD
                    && !lost.answered().isBefore(this.from)
                    && !lost.sent().isAfter(until());
        }

        /** Whether the node may have had this in its hands when it stopped, for it to arrive once it goes on. */
        boolean holdsBack(Publication late) {
            return this.kind == Kind.FROZEN
                    && !late.answered().isBefore(this.from)
                    && !late.sent().isAfter(until());
        }
    }

    private final List<Silence> silences = new CopyOnWriteArrayList<>();

    /** From now on, and for no longer than this until it delivers again or is found not to. */
    void begin(Kind kind, NodeAddress node, Duration lasts) {
        Instant now = Instant.now();
        this.silences.removeIf(old -> old.from().isBefore(now.minus(REMEMBERED)));
        this.silences.add(new Silence(kind, node, now, lasts));
    }

    List<Silence> all() {
        return this.silences;
    }
}
