package io.github.shardedpubsub.subscription;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the cluster anew when something gives reason to: one look at a time, and the more looks in a row, the longer apart.
 * On the subscriptions' own thread.
 */
final class TopologyWatch {

    private static final Logger logger = LoggerFactory.getLogger(TopologyWatch.class);

    /** Quiet for this long, and the next look is taken at once again. */
    private static final Duration QUIET = Duration.ofSeconds(5);

    /** Longest wait between looks while something is amiss: a promotion is noticed this late at most. */
    private static final Duration LONGEST_WAIT = Duration.ofMillis(500);

    /** Long enough to follow a redirect, or to open a connection anew. */
    private static final Duration AFTERWARDS = Duration.ofMillis(10);

    private final Supplier<CompletionStage<?>> look;

    private final Timeline timeline;

    private final Backoff backoff;

    /** Where no node lets us in, each look is as many connections in vain. */
    private final Backoff failureBackoff;

    private final Runnable lookedAt;

    private boolean looking;

    private boolean scheduled;

    private boolean wanted;

    private boolean stopped;

    private int looks;

    /** In a row. */
    private int failures;

    private long lastLookNanos;

    TopologyWatch(
            Supplier<CompletionStage<?>> look, Timeline timeline, SubscriptionSettings settings, Runnable lookedAt) {
        this.look = look;
        this.timeline = timeline;
        this.backoff = new Backoff(settings.backoffInitial(), LONGEST_WAIT);
        this.failureBackoff = new Backoff(
                settings.backoffInitial(),
                settings.backoffMax().compareTo(LONGEST_WAIT) > 0 ? settings.backoffMax() : LONGEST_WAIT);
        this.lookedAt = lookedAt;
    }

    /** Somebody else has seen it change. */
    void changed() {
        if (!this.stopped) {
            this.lookedAt.run();
            lookSoon();
        }
    }

    /** Has the topology looked at, now or after the wait that earlier looks have earned. */
    void lookSoon() {
        if (this.stopped || this.scheduled) {
            return;
        }
        if (this.looking) {
            this.wanted = true;
            return;
        }
        if (this.looks > 0 && this.timeline.nanoTime() - this.lastLookNanos > QUIET.toNanos()) {
            this.looks = 0;
        }
        if (this.looks == 0) {
            look();
        } else {
            this.scheduled = true;
            this.timeline.schedule(nextWait(), () -> {
                this.scheduled = false;
                if (!this.stopped) {
                    look();
                }
            });
        }
    }

    /** As {@link #lookSoon}, but what gives reason to it comes first: a look takes connections to all nodes. */
    void lookAfterwards() {
        if (this.stopped || this.scheduled || this.looking) {
            lookSoon();
            return;
        }
        this.scheduled = true;
        this.timeline.schedule(AFTERWARDS, () -> {
            this.scheduled = false;
            lookSoon();
        });
    }

    private Duration nextWait() {
        double random = this.timeline.random();
        return this.failures > 0
                ? this.failureBackoff.after(this.failures, random)
                : this.backoff.after(this.looks, random);
    }

    private void look() {
        this.looking = true;
        this.wanted = false;
        this.looks++;
        this.look
                .get()
                .whenComplete((done, failure) -> this.timeline.execute(() -> {
                    this.looking = false;
                    this.lastLookNanos = this.timeline.nanoTime();
                    this.failures = failure != null ? this.failures + 1 : 0;
                    if (failure != null) {
                        logger.debug("The cluster's topology could not be looked at", failure);
                    }
                    if (this.stopped) {
                        return;
                    }
                    this.lookedAt.run();
                    if (this.wanted || failure != null) {
                        lookSoon();
                    }
                }));
    }

    void stop() {
        this.stopped = true;
    }
}
