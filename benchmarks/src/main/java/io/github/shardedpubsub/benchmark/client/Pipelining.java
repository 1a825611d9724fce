package io.github.shardedpubsub.benchmark.client;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Many asynchronous calls, a bounded number at a time, each client the same. */
final class Pipelining {

    private static final int IN_FLIGHT = 4_096;

    static final int LIMIT_SECONDS = 120;

    private Pipelining() {}

    /** Calls so many times and waits for the end of all. */
    static void run(int calls, IntFunction<CompletionStage<?>> call) throws Exception {
        Semaphore room = new Semaphore(IN_FLIGHT);
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        for (int i = 0; i < calls; i++) {
            acquire(room, 1);
            var unused = call.apply(i).whenComplete((done, failed) -> {
                if (failed != null) {
                    failure.compareAndSet(null, failed);
                }
                room.release();
            });
        }
        acquire(room, IN_FLIGHT);
        Throwable first = failure.get();
        if (first != null) {
            throw new IllegalStateException("A call failed", first);
        }
    }

    private static void acquire(Semaphore room, int permits) throws InterruptedException, TimeoutException {
        if (!room.tryAcquire(permits, LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new TimeoutException("No answer within " + LIMIT_SECONDS + " s");
        }
    }
}
