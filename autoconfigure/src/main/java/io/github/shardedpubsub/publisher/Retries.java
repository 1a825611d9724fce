package io.github.shardedpubsub.publisher;

import io.github.shardedpubsub.subscription.Backoff;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Offers messages again that no node has taken, for so long. */
final class Retries {

    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(10), Duration.ofMillis(250));

    private final Duration timeout;

    private final ScheduledExecutorService timer;

    private final PublishObserver observer;

    /** What waits for its next attempt, and why. */
    private final Map<Publication, Throwable> waiting = new ConcurrentHashMap<>();

    private volatile boolean closed;

    /**
     * Creates them.
     *
     * @param timeout from a message's first refusal to its last attempt; the first redirect is followed in any case
     */
    Retries(Duration timeout, ScheduledExecutorService timer, PublishObserver observer) {
        this.timeout = timeout;
        this.timer = timer;
        this.observer = observer;
    }

    /**
     * After a redirect. The first one is followed at once; nodes that do not agree could pass a message to and fro without end.
     *
     * @param attempt sends the message to the node that was named
     */
    void redirected(Publication publication, Throwable refusal, Runnable attempt) {
        int refusals = publication.refused();
        this.observer.redirected(publication.channel());
        if (refusals == 1) {
            again(publication, attempt);
        } else {
            later(publication, refusal, refusals, attempt);
        }
    }

    /** After a refusal of the moment, or without a connection. */
    void refused(Publication publication, Throwable refusal, Runnable attempt) {
        later(publication, refusal, publication.refused(), attempt);
    }

    private void later(Publication publication, Throwable refusal, int refusals, Runnable attempt) {
        Duration wait = BACKOFF.after(refusals, ThreadLocalRandom.current().nextDouble());
        if (publication.refusedFor().plus(wait).compareTo(this.timeout) > 0) {
            publication.failed(refusal, PublishOutcome.REFUSED);
            return;
        }
        this.observer.retried(publication.channel(), String.valueOf(refusal.getMessage()));
        this.waiting.put(publication, refusal);
        try {
            var unused = this.timer.schedule(
                    () -> {
                        if (this.waiting.remove(publication) != null) {
                            again(publication, attempt);
                        }
                    },
                    wait.toNanos(),
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException ex) {
            // The client has ended.
            close();
        }
        if (this.closed) {
            failAllThatWait();
        }
    }

    /** Fails what waits, now and from now on: nobody would answer, since the timer may end with the client. */
    void close() {
        this.closed = true;
        failAllThatWait();
    }

    private void failAllThatWait() {
        for (Publication publication : this.waiting.keySet()) {
            Throwable refusal = this.waiting.remove(publication);
            if (refusal != null) {
                publication.failed(refusal, PublishOutcome.REFUSED);
            }
        }
    }

    /** Runs something after the longest time between two attempts, unless the client has ended. */
    void afterAWhile(Runnable task) {
        try {
            var unused = this.timer.schedule(task, BACKOFF.max().toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException ex) {
            // What waits ends with the client.
        }
    }

    private static void again(Publication publication, Runnable attempt) {
        if (publication.answer().isDone()) {
            publication.failed(new IllegalStateException("Cancelled"), PublishOutcome.REFUSED);
            return;
        }
        try {
            attempt.run();
        } catch (RuntimeException ex) {
            publication.failed(ex, PublishOutcome.REFUSED);
        }
    }
}
