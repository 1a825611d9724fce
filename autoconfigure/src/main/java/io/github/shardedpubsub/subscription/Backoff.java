package io.github.shardedpubsub.subscription;

import java.time.Duration;

/**
 * How long to wait before the next attempt: doubling, up to a longest, and spread by jitter so that what failed together is not
 * tried again together.
 */
public record Backoff(Duration initial, Duration max) {

    private static final int MAX_DOUBLINGS = 30;

    /**
     * The wait after so many failures in a row.
     *
     * @param failures 1 or more
     * @param random 0 to 1, the dice
     * @return between half of the doubled time and the whole of it
     */
    public Duration after(int failures, double random) {
        long doubled = this.initial.toNanos() << Math.min(Math.max(failures - 1, 0), MAX_DOUBLINGS);
        long longest = doubled < 0 ? this.max.toNanos() : Math.min(doubled, this.max.toNanos());
        return Duration.ofNanos(longest / 2 + (long) (longest / 2.0 * random));
    }
}
