package io.github.shardedpubsub.listener;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Hands tasks to another executor, and offers again, in their order, what that refuses, until it takes it or this is closed. Never
 * throws, so that it can be called on an event loop; nor may its tasks.
 */
final class PatientExecutor implements Executor {

    private static final Log logger = LogFactory.getLog(PatientExecutor.class);

    private static final long RETRY_MILLIS = 100;

    private final Executor executor;

    private final Runnable refusal;

    private final Queue<Runnable> refused = new ConcurrentLinkedQueue<>();

    /** Whether something is refused, and will be offered again. */
    private final AtomicBoolean retrying = new AtomicBoolean();

    private volatile boolean closed;

    /**
     * Creates it.
     *
     * @param refusal told of each refusal
     */
    PatientExecutor(Executor executor, Runnable refusal) {
        this.executor = executor;
        this.refusal = refusal;
    }

    @Override
    public void execute(Runnable task) {
        if (!this.closed && !offer(task)) {
            this.refused.add(task);
            if (this.retrying.compareAndSet(false, true)) {
                retryLater();
            }
        }
    }

    private boolean offer(Runnable task) {
        try {
            this.executor.execute(task);
            return true;
        } catch (Throwable ex) {
            // An error, too: there may be no thread to be had for the moment.
            if (!this.retrying.get()) {
                logger.warn(
                        "The task executor of a sharded listener container refuses work: messages wait in their queues until it"
                                + " takes it again. Refusals are counted, but the next are not logged",
                        ex);
            }
            this.refusal.run();
            return false;
        }
    }

    private void retryLater() {
        CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS).execute(this::retry);
    }

    private void retry() {
        Runnable task = this.refused.peek();
        while (task != null && !this.closed && offer(task)) {
            this.refused.poll();
            task = this.refused.peek();
        }
        if (this.closed) {
            this.refused.clear();
        } else if (task != null) {
            retryLater();
        } else {
            this.retrying.set(false);
            // One may have been refused after none was seen.
            if (!this.refused.isEmpty() && this.retrying.compareAndSet(false, true)) {
                retryLater();
            }
        }
    }

    /** Forgets what was refused, and takes nothing more. */
    void close() {
        this.closed = true;
    }
}
