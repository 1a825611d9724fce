package io.github.shardedpubsub.subscription;

import java.time.Duration;

/** What durations have to be. In a class of its own, since settings that use each other's would initialize each other. */
final class Durations {

    private Durations() {}

    static void requireNotNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, but is " + value);
        }
    }

    static void requirePositive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, but is " + value);
        }
    }
}
