package io.github.shardedpubsub.chaos;

import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * When and where something can have taken messages from histories, as the faults know it. Everything else must not. Thread-safe.
 */
final class HistoryHazards {

    private static final Duration REMEMBERED = Duration.ofMinutes(3);

    /** A replica is no further behind, and a listener or publisher on a loaded machine no later. */
    private static final Duration JUST_BEFORE = Duration.ofSeconds(2);

    /** What was there for long is missed by those who have been interrupted for as long. */
    private static final Duration LONGEST_INTERRUPTION = Duration.ofSeconds(30);

    /** A master that was replaced may serve those who have not heard of it. */
    private static final Duration JUST_AFTER = Duration.ofSeconds(5);

    enum Kind {

        /** Slots are given to another node with all their keys. It takes nothing, unless one of the two nodes is replaced meanwhile. */
        MOVE,

        /** A master hands over to its replica in order. As {@link #MOVE}. */
        HANDOVER,

        /** A replica takes over that may be behind: what was not at any replica can be lost. */
        FAILOVER,

        /** All that was kept can be lost. */
        DESTRUCTION
    }

    /** One of them; {@link Instant#MAX} is the end of one that lasts. */
    private record Hazard(Kind kind, BitSet slots, Instant from, Instant until) {

        boolean overlaps(Instant begin, Instant end) {
            return !end.isBefore(this.from) && !begin.isAfter(this.until);
        }
    }

    private final List<Hazard> hazards = new CopyOnWriteArrayList<>();

    /**
     * Lets something happen that takes what its kind says, or everything if it fails half way.
     *
     * @param slots asked before and after
     */
    void during(Kind kind, Supplier<BitSet> slots, Runnable fault) {
        Instant from = Instant.now();
        this.hazards.removeIf(old -> old.until().isBefore(from.minus(REMEMBERED)));
        BitSet concerned = (BitSet) slots.get().clone();
        Hazard lasting = new Hazard(kind, concerned, from, Instant.MAX);
        this.hazards.add(lasting);
        Kind became = Kind.DESTRUCTION;
        try {
            fault.run();
            became = kind;
        } finally {
            BitSet all = (BitSet) concerned.clone();
            all.or(slots.get());
            this.hazards.add(new Hazard(became, all, from, Instant.now()));
            this.hazards.remove(lasting);
        }
    }

    /** Something has just taken it all. */
    void destroyed(BitSet slots) {
        this.hazards.add(new Hazard(Kind.DESTRUCTION, (BitSet) slots.clone(), Instant.now(), Instant.now()));
    }

    /**
     * Whether messages that were published between the two times can be lost.
     *
     * @param replicated whether they were at a replica
     */
    boolean explains(int slot, Instant begin, Instant end, boolean replicated) {
        for (Hazard hazard : this.hazards) {
            if (!hazard.slots().get(slot)) {
                continue;
            }
            boolean total = hazard.kind() == Kind.DESTRUCTION || hazard.kind() == Kind.MOVE && isCrossed(hazard);
            boolean taking = total || hazard.kind() == Kind.FAILOVER && !replicated;
            if (taking
                    && hazard.overlaps(begin.minus(JUST_AFTER), end.plus(total ? LONGEST_INTERRUPTION : JUST_BEFORE))) {
                return true;
            }
        }
        return false;
    }

    /** Whether a node was replaced while slots moved: what the move has brought to it need not be at its replica. */
    private boolean isCrossed(Hazard move) {
        return this.hazards.stream()
                .filter(other -> other.kind() == Kind.HANDOVER || other.kind() == Kind.FAILOVER)
                .anyMatch(other -> other.overlaps(
                        move.from().minus(JUST_BEFORE),
                        move.until().equals(Instant.MAX)
                                ? Instant.MAX
                                : move.until().plus(JUST_AFTER)));
    }
}
