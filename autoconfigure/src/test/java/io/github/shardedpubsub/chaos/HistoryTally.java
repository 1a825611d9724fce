package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.recovery.HistoryLoss;
import java.util.EnumMap;
import java.util.Map;

/** Counts of what became of messages of channels with a history, at all their listeners. */
final class HistoryTally {

    long published;

    long notPublished;

    long arrived;

    long recovered;

    /** Missing at a listener that was told of it, and a fault says why. */
    long lost;

    /** Nobody knew whether they were published. They were, and arrived. */
    long unknownArrived;

    /** Of these, after what was published later. */
    long unknownLate;

    final Map<HistoryLoss.Cause, Integer> told = new EnumMap<>(HistoryLoss.Cause.class);

    /** Told, and nothing that was acknowledged is missing. */
    long toldForNothing;

    @Override
    public String toString() {
        return "with a history: " + this.published + " published (" + this.notPublished + " more perhaps), "
                + this.arrived + " arrived, " + this.recovered + " of them recovered; " + this.lost
                + " lost and told; losses told: " + this.told + " (" + this.toldForNothing
                + " with nothing missing); of those without an answer " + this.unknownArrived + " arrived, "
                + this.unknownLate + " of them late";
    }
}
