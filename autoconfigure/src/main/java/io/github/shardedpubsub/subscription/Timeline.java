package io.github.shardedpubsub.subscription;

import java.time.Duration;
import java.time.Instant;

/**
 * The one thread on which subscriptions are worked on, its clock and its dice. Handed in, so that a test can drive all three.
 */
interface Timeline {

    /** Runs a task later, in the order of the calls, never within this call. May be called from any thread. */
    void execute(Runnable task);

    /** Runs a task on the same thread after a delay. */
    void schedule(Duration delay, Runnable task);

    /** Monotonic, as {@link System#nanoTime()}. */
    long nanoTime();

    /** The wall clock, for people. */
    Instant now();

    /** 0 (inclusive) to 1 (exclusive). */
    double random();

    /** Runs nothing more. */
    void stop();
}
