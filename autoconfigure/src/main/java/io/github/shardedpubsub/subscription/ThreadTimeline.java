package io.github.shardedpubsub.subscription;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A daemon thread of its own, the system's clocks and its random numbers. */
final class ThreadTimeline implements Timeline {

    private static final Logger logger = LoggerFactory.getLogger(ThreadTimeline.class);

    private final ScheduledThreadPoolExecutor executor;

    ThreadTimeline(String threadName) {
        this.executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, threadName);
            thread.setDaemon(true);
            return thread;
        });
        this.executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.executor.setRemoveOnCancelPolicy(true);
    }

    @Override
    public void execute(Runnable task) {
        try {
            this.executor.execute(loggingFailure(task));
        } catch (RejectedExecutionException stopped) {
            logger.trace("Stopped: a late event is of no use any more");
        }
    }

    @Override
    public void schedule(Duration delay, Runnable task) {
        try {
            var unused = this.executor.schedule(loggingFailure(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException stopped) {
            logger.trace("Stopped: a late event is of no use any more");
        }
    }

    /** An executor would put the exception into a future that nobody looks at. */
    private static Runnable loggingFailure(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException | Error ex) {
                logger.error("A step of the subscriptions failed; this is a defect, please report it", ex);
            }
        };
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public double random() {
        return ThreadLocalRandom.current().nextDouble();
    }

    @Override
    public void stop() {
        this.executor.shutdown();
    }
}
