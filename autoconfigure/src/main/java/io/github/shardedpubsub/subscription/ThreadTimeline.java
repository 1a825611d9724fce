package io.github.shardedpubsub.subscription;

import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A daemon thread of its own, the system's clocks and its random numbers. */
final class ThreadTimeline implements Timeline {

    private static final Logger logger = LoggerFactory.getLogger(ThreadTimeline.class);

    private static final String STOPPED = "Stopped: a late event is of no use any more";

    /** So many tasks at once before those whose time has come get their turn. */
    private static final int MAX_AT_ONCE = 1_000;

    private final ScheduledThreadPoolExecutor executor;

    /** To be run at once: the executor would sort each of them by its time, and wake its thread for each. */
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean running = new AtomicBoolean();

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
        if (this.executor.isShutdown()) {
            logger.trace(STOPPED);
            return;
        }
        this.tasks.add(task);
        runSoon();
    }

    private void runSoon() {
        if (!this.running.compareAndSet(false, true)) {
            return;
        }
        try {
            this.executor.execute(this::runTasks);
        } catch (RejectedExecutionException stopped) {
            logger.trace(STOPPED);
        }
    }

    private void runTasks() {
        for (int i = 0; i < MAX_AT_ONCE && !this.executor.isShutdown(); i++) {
            Runnable task = this.tasks.poll();
            if (task == null) {
                break;
            }
            run(task);
        }
        this.running.set(false);
        if (!this.tasks.isEmpty()) {
            runSoon();
        }
    }

    @Override
    public void schedule(Duration delay, Runnable task) {
        try {
            var unused = this.executor.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException stopped) {
            logger.trace(STOPPED);
        }
    }

    /** An executor would put the exception into a future that nobody looks at. */
    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error ex) {
            logger.error("A step of the subscriptions failed; this is a defect, please report it", ex);
        }
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
