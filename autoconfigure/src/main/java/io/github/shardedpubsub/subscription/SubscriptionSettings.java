package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.PipeSettings;
import java.time.Duration;

/**
 * How patiently subscriptions are kept.
 *
 * @param pipe how long a connection waits for its node
 * @param backoffInitial the longest first wait after a failure; each further one doubles it
 * @param backoffMax the longest wait between two attempts. A connection that has been lost for longer than this is given up and
 *     opened anew, so that the wait holds for it too.
 * @param refusedRetry how long a channel that was refused for want of permission is left alone before it is asked again
 * @param idleConnection how long a connection on which nothing is left stays open
 * @param auditInterval how often the topology is compared with where channels are subscribed, to find what nobody tells; zero never
 *     does
 */
public record SubscriptionSettings(
        PipeSettings pipe,
        Duration backoffInitial,
        Duration backoffMax,
        Duration refusedRetry,
        Duration idleConnection,
        Duration auditInterval) {

    /** 10 ms to 2 s of backoff, 30 s after a refusal, 10 s for an idle connection, an audit every 30 s. */
    public static final SubscriptionSettings DEFAULTS = new SubscriptionSettings(
            PipeSettings.DEFAULTS,
            Duration.ofMillis(10),
            Duration.ofSeconds(2),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30));

    public SubscriptionSettings {
        requirePositive("backoffInitial", backoffInitial);
        requirePositive("refusedRetry", refusedRetry);
        if (backoffMax.compareTo(backoffInitial) < 0) {
            throw new IllegalArgumentException(
                    "backoffMax must not be shorter than backoffInitial, but " + backoffMax + " < " + backoffInitial);
        }
        requireNotNegative("idleConnection", idleConnection);
        requireNotNegative("auditInterval", auditInterval);
    }

    private static void requireNotNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, but is " + value);
        }
    }

    private static void requirePositive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, but is " + value);
        }
    }
}
