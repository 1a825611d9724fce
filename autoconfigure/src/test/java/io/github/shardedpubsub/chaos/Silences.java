package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * When nodes stopped delivering without telling anybody, as the faults know it. Thread-safe.
 */
final class Silences {

    private static final Duration REMEMBERED = Duration.ofMinutes(3);

    /** A node goes on a little before it is known to. */
    private static final Duration THAWING = Duration.ofMillis(100);

    /** What has happened to a node that does not deliver what it should. */
    private enum Kind {

        /** Its subscriptions have ended, and on Redis 7.0 it does not say so. The audit finds it. */
        ENDED,

        /**
         * It has stopped. The heartbeat finds it; and what it had taken just before, and not yet passed on to its replicas, it passes
         * on when it is thawed: a subscriber at the replica that was promoted meanwhile gets that late, and for the second time if it
         * was at the frozen node before.
         */
        FROZEN
    }

    /**
     * One node gone silent.
     *
     * @param slots of its shard, where that matters
     * @param lasts for so long at the most; a silence that is noticed is noticed within this time
     * @param thawed when the node went on, {@link Instant#MAX} if it has not
     */
    record Silence(Kind kind, NodeAddress node, BitSet slots, Instant from, Duration lasts, Instant thawed) {

        private Instant until() {
            return this.from.plus(this.lasts);
        }

        /** Whether this is why an interruption was reported later than it began. */
        boolean explainsLateReportOf(Gap gap) {
            return this.node.equals(gap.node())
                    && !gap.from().isBefore(this.from)
                    && !gap.from().isAfter(until());
        }

        /** Whether the node may have had this in its hands when it stopped, for it to arrive once it goes on. */
        boolean holdsBack(int slot, Publication late) {
            return this.kind == Kind.FROZEN
                    && this.slots.get(slot)
                    && !late.answered().isBefore(this.from)
                    && !late.sent().isAfter(until());
        }

        /**
         * Whether it was sent to the frozen node, which took it only when it was thawed. It passes that on within its shard, and knows
         * nothing of where the slot has gone since.
         */
        boolean tookLate(int slot, Publication taken) {
            return this.kind == Kind.FROZEN
                    && this.slots.get(slot)
                    && taken.sent().isAfter(this.from)
                    && taken.sent().isBefore(this.thawed)
                    && taken.answered().plus(THAWING).isAfter(this.thawed);
        }
    }

    private final List<Silence> silences = new CopyOnWriteArrayList<>();

    /** A node's subscriptions end without a word, for no longer than this until that is found. */
    void end(NodeAddress node, Duration lasts) {
        begin(Kind.ENDED, node, new BitSet(), lasts);
    }

    /**
     * A node stops, for no longer than this until it is found to have.
     *
     * @param slots of its shard
     */
    void freeze(NodeAddress node, BitSet slots, Duration lasts) {
        begin(Kind.FROZEN, node, slots, lasts);
    }

    private void begin(Kind kind, NodeAddress node, BitSet slots, Duration lasts) {
        Instant now = Instant.now();
        this.silences.removeIf(old -> old.from().isBefore(now.minus(REMEMBERED)));
        this.silences.add(new Silence(kind, node, slots, now, lasts, Instant.MAX));
    }

    /** The node goes on. */
    void thaw(NodeAddress node) {
        Instant now = Instant.now();
        this.silences.replaceAll(silence -> silence.kind() == Kind.FROZEN
                        && silence.node().equals(node)
                        && silence.thawed().equals(Instant.MAX)
                ? new Silence(silence.kind(), node, silence.slots(), silence.from(), silence.lasts(), now)
                : silence);
    }

    List<Silence> all() {
        return this.silences;
    }
}
