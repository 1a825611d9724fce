package io.github.shardedpubsub.chaos;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A line on standard output now and then, so that an hour is not an hour of silence. */
final class Progress implements AutoCloseable {

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "chaos-progress");
        thread.setDaemon(true);
        return thread;
    });

    Progress(Duration interval, Supplier<String> status) {
        long begin = System.nanoTime();
        var unused = this.clock.scheduleAtFixedRate(
                () -> say("after " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin) + " s: " + status.get()),
                interval.toNanos(),
                interval.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    @SuppressWarnings("SystemOut") // the log is turned down to errors, and this is for whoever waits
    static void say(String line) {
        System.out.println("[chaos] " + line);
    }

    @Override
    public void close() {
        this.clock.shutdownNow();
    }
}
