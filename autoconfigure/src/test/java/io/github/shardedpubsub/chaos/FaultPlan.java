package io.github.shardedpubsub.chaos;

import java.time.Duration;
import java.util.Random;

/** Which faults are chosen one after another, and when: decided by the seed alone. */
final class FaultPlan {

    /** One to three a second. */
    private static final int SHORTEST_PAUSE_MILLIS = 333;

    private static final int LONGEST_PAUSE_MILLIS = 1_000;

    private final Random dice;

    private final boolean lossless;

    private int count;

    /**
     * A fault to come.
     *
     * @param pause to wait before it
     * @param salt what its own dice are made from
     */
    record Choice(int number, Duration pause, FaultKind kind, long salt) {

        Random dice() {
            return new Random(this.salt);
        }
    }

    /**
     * Creates it at its beginning.
     *
     * @param lossless whether to leave out what can take messages from a history
     */
    FaultPlan(long seed, boolean lossless) {
        this.dice = new Random(seed);
        this.lossless = lossless;
    }

    Choice next() {
        int millis = SHORTEST_PAUSE_MILLIS + this.dice.nextInt(LONGEST_PAUSE_MILLIS - SHORTEST_PAUSE_MILLIS);
        return new Choice(
                ++this.count,
                Duration.ofMillis(millis),
                FaultKind.choose(this.dice, this.lossless),
                this.dice.nextLong());
    }
}
