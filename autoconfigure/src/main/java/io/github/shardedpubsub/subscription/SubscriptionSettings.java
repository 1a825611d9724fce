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
 * @param warmConnections whether, as long as any channel is wanted, connections to all upstream nodes are kept open, so that a slot's
 *     new owner can be asked without connecting first
 * @param auditInterval how often what nodes hold is compared with what is believed, to find what nobody tells; zero never does
 * @param handover how moving slots are looked for
 * @param probeInterval how often each node that holds channels is sent a message of our own that it must deliver; zero never
 * @param resubscribe who subscribes an interrupted channel again
 */
public record SubscriptionSettings(
        PipeSettings pipe,
        Duration backoffInitial,
        Duration backoffMax,
        Duration refusedRetry,
        Duration idleConnection,
        boolean warmConnections,
        Duration auditInterval,
        HandoverSettings handover,
        Duration probeInterval,
        ResubscribeMode resubscribe) {

    /**
     * 10 ms to 2 s of backoff, 30 s after a refusal, 10 s for an idle connection, warm connections, an audit every 30 s, early
     * handover, no probe, and subscribing again at once.
     */
    public static final SubscriptionSettings DEFAULTS = new SubscriptionSettings(
            PipeSettings.DEFAULTS,
            Duration.ofMillis(10),
            Duration.ofSeconds(2),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            true,
            Duration.ofSeconds(30),
            HandoverSettings.DEFAULTS,
            Duration.ZERO,
            ResubscribeMode.FOLLOW);

    public SubscriptionSettings {
        Durations.requirePositive("backoffInitial", backoffInitial);
        Durations.requirePositive("refusedRetry", refusedRetry);
        if (backoffMax.compareTo(backoffInitial) < 0) {
            throw new IllegalArgumentException(
                    "backoffMax must not be shorter than backoffInitial, but " + backoffMax + " < " + backoffInitial);
        }
        Durations.requireNotNegative("idleConnection", idleConnection);
        Durations.requireNotNegative("auditInterval", auditInterval);
        Durations.requireNotNegative("probeInterval", probeInterval);
        if (resubscribe == ResubscribeMode.NOTIFY) {
            // where the application decides, nothing goes ahead of it
            handover = HandoverSettings.OFF;
        }
    }

    /** The same with another audit. */
    public SubscriptionSettings withAuditInterval(Duration auditInterval) {
        return with(this.warmConnections, auditInterval, this.handover, this.probeInterval, this.resubscribe);
    }

    /** The same with or without warm connections. */
    public SubscriptionSettings withWarmConnections(boolean warmConnections) {
        return with(warmConnections, this.auditInterval, this.handover, this.probeInterval, this.resubscribe);
    }

    /** The same with another way to look for moving slots. */
    public SubscriptionSettings withHandover(HandoverSettings handover) {
        return with(this.warmConnections, this.auditInterval, handover, this.probeInterval, this.resubscribe);
    }

    /** The same with another probe. */
    public SubscriptionSettings withProbeInterval(Duration probeInterval) {
        return with(this.warmConnections, this.auditInterval, this.handover, probeInterval, this.resubscribe);
    }

    /** The same with another way to subscribe again; where the application does it, moving slots are not followed beforehand. */
    public SubscriptionSettings withResubscribe(ResubscribeMode resubscribe) {
        return with(this.warmConnections, this.auditInterval, this.handover, this.probeInterval, resubscribe);
    }

    private SubscriptionSettings with(
            boolean warmConnections,
            Duration auditInterval,
            HandoverSettings handover,
            Duration probeInterval,
            ResubscribeMode resubscribe) {
        return new SubscriptionSettings(
                this.pipe,
                this.backoffInitial,
                this.backoffMax,
                this.refusedRetry,
                this.idleConnection,
                warmConnections,
                auditInterval,
                handover,
                probeInterval,
                resubscribe);
    }
}
