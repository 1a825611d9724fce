package io.github.shardedpubsub.listener;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** Runs one task after the other on one thread at a time of another executor. */
final class SerialExecutor implements Executor {

    private static final Log logger = LogFactory.getLog(SerialExecutor.class);

    private final Executor executor;

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

    private final AtomicInteger size = new AtomicInteger();

    SerialExecutor(Executor executor) {
        this.executor = executor;
    }

    @Override
    public void execute(Runnable task) {
        this.tasks.add(task);
        if (this.size.getAndIncrement() == 0) {
            this.executor.execute(this::run);
        }
    }

    private void run() {
        do {
            Runnable task = this.tasks.poll();
            try {
                if (task != null) {
                    task.run();
                }
            } catch (RuntimeException | Error ex) {
                logger.error("What was told of a subscription made its listener fail", ex);
            }
        } while (this.size.decrementAndGet() > 0);
    }
}
