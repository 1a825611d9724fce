package io.github.shardedpubsub.publisher;

import io.lettuce.core.cluster.RedisClusterClient;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Has the client look at the cluster again when a node has said that it is not as believed; at most once a second. */
final class TopologyRefresh {

    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final RedisClusterClient client;

    /** Not the event loop that tells of the redirect: opening connections is work. */
    private final Executor executor;

    private final AtomicLong due = new AtomicLong(System.nanoTime());

    TopologyRefresh(RedisClusterClient client, Executor executor) {
        this.client = client;
        this.executor = executor;
    }

    void request() {
        long now = System.nanoTime();
        long next = this.due.get();
        if (now - next >= 0 && this.due.compareAndSet(next, now + INTERVAL)) {
            try {
                // It logs itself what it cannot reach.
                this.executor.execute(this.client::refreshPartitionsAsync);
            } catch (RejectedExecutionException ex) {
                // The client has ended.
            }
        }
    }
}
