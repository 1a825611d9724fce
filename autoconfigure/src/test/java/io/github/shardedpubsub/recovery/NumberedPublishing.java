package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.publisher.ShardedPublisher;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.springframework.dao.DataAccessException;

/** Publishes one number after the other on each of some channels, each when the one before is acknowledged, until it is stopped. */
final class NumberedPublishing implements AutoCloseable {

    private final ShardedPublisher publisher;

    private final List<String> channels;

    private final Thread thread = new Thread(this::publish, "numbers");

    /** What no answer came to, or an error. */
    private final List<String> failed = new CopyOnWriteArrayList<>();

    private volatile int published;

    private volatile boolean stopped;

    NumberedPublishing(ShardedPublisher publisher, List<String> channels) {
        this.publisher = publisher;
        this.channels = channels;
        this.thread.start();
    }

    private void publish() {
        for (int number = 0; !this.stopped; number++) {
            for (String channel : this.channels) {
                try {
                    this.publisher.publish(channel, Integer.toString(number));
                } catch (DataAccessException ex) {
                    this.failed.add(channel + " " + number);
                }
            }
            this.published = number + 1;
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
    }

    int published() {
        return this.published;
    }

    List<String> failed() {
        return this.failed;
    }

    /** Returns how many numbers there were on each channel. */
    int stop() throws InterruptedException {
        this.stopped = true;
        this.thread.join();
        return this.published;
    }

    @Override
    public void close() throws InterruptedException {
        stop();
    }
}
