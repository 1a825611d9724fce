package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.publisher.ShardedPublisher;
import org.springframework.context.SmartLifecycle;

/** Closes the publisher's connection in good order before the connection factory ends its client. It is opened with a message. */
final class PublisherLifecycle implements SmartLifecycle {

    private final ShardedPublisher publisher;

    private final int phase;

    private volatile boolean running;

    /**
     * Creates it stopped.
     *
     * @param phase later than the connection factory's
     */
    PublisherLifecycle(ShardedPublisher publisher, int phase) {
        this.publisher = publisher;
        this.phase = phase;
    }

    @Override
    public void start() {
        this.running = true;
    }

    @Override
    public void stop() {
        this.running = false;
        this.publisher.disconnect();
    }

    @Override
    public boolean isRunning() {
        return this.running;
    }

    @Override
    public int getPhase() {
        return this.phase;
    }
}
