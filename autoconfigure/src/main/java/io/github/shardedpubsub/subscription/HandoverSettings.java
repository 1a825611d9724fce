package io.github.shardedpubsub.subscription;

import java.time.Duration;

/**
 * How moving slots are looked for, to subscribe at the new owner before it is one. The beginning of a move is never told, and only
 * the node that a slot leaves shows it, in its own line of {@code CLUSTER NODES}.
 *
 * @param interval how often a node that holds channels is asked in quiet times; zero never hands over early
 * @param quickInterval how often it is asked once a slot is leaving it or has left it
 * @param quickFor how long after the last such sign it is asked so often
 */
public record HandoverSettings(Duration interval, Duration quickInterval, Duration quickFor) {

    /** Every 2 s, and every 20 ms until 10 s after the last sign of a move. */
    public static final HandoverSettings DEFAULTS =
            new HandoverSettings(Duration.ofSeconds(2), Duration.ofMillis(20), Duration.ofSeconds(10));

    /** Never. */
    public static final HandoverSettings OFF =
            new HandoverSettings(Duration.ZERO, DEFAULTS.quickInterval(), DEFAULTS.quickFor());

    public HandoverSettings {
        Durations.requireNotNegative("interval", interval);
        Durations.requirePositive("quickInterval", quickInterval);
        Durations.requireNotNegative("quickFor", quickFor);
    }

    boolean isOff() {
        return this.interval.isZero();
    }
}
