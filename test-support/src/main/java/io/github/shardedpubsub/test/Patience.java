package io.github.shardedpubsub.test;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Waiting with an end: asks again and again until there is no complaint left, or the time is up.
 */
final class Patience {

    private static final long FIRST_PAUSE = TimeUnit.MICROSECONDS.toNanos(250);
    private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);

    private final Duration limit;
    private final Supplier<String> evidence;
    private final BooleanSupplier closed;

    /**
     * @param evidence what to put below the message when the time is up: the servers' last log lines
     * @param closed whether there is nothing to wait for any more, whatever the complaint
     */
    Patience(Duration limit, Supplier<String> evidence, BooleanSupplier closed) {
        this.limit = limit;
        this.evidence = evidence;
        this.closed = closed;
    }

    Patience within(Duration otherLimit) {
        return new Patience(otherLimit, evidence, closed);
    }

    Duration limit() {
        return limit;
    }

    /**
     * @param wanted what is waited for, as in "waited for …"
     * @param advice what to do when it does not come, a whole sentence
     * @param complaint what is still missing, or null when nothing is
     */
    void await(String wanted, String advice, Supplier<@Nullable String> complaint) {
        String seen = poll(complaint);
        if (seen != null) {
            throw new RedisClusterException("Waited " + limit.toMillis() + " ms for " + wanted
                    + ", in vain. Seen last: " + seen + ". " + advice + evidence.get());
        }
    }

    /**
     * As {@link #await}, but hands back the last complaint instead of throwing.
     */
    @Nullable
    String poll(Supplier<@Nullable String> complaint) {
        long start = System.nanoTime();
        long pause = FIRST_PAUSE;
        while (true) {
            String seen = complaint.get();
            if (seen == null || System.nanoTime() - start >= limit.toNanos()) {
                return seen;
            }
            if (closed.getAsBoolean()) {
                throw new RedisClusterException(
                        "The cluster was closed while something was waited for; seen last: " + seen + ".");
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new RedisClusterException("Interrupted while waiting; seen last: " + seen + ".");
            }
            LockSupport.parkNanos(pause);
            pause = Math.min(pause * 2, LONGEST_PAUSE);
        }
    }
}
