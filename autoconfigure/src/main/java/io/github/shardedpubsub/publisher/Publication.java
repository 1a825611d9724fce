package io.github.shardedpubsub.publisher;

import io.lettuce.core.cluster.SlotHash;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A message on its way, until it is published or given up. It is with one thread at a time: the one that publishes, an event loop, or
 * the timer; only the answer may be cancelled by any.
 */
final class Publication {

    private final String channel;

    private final byte[] channelName;

    private final byte[] payload;

    private final PublishObserver observer;

    private final long begin = System.nanoTime();

    private final CompletableFuture<Long> answer = new CompletableFuture<>();

    private int refusals;

    private long firstRefusal;

    Publication(String channel, byte[] payload, PublishObserver observer) {
        this.channel = channel;
        this.channelName = channel.getBytes(StandardCharsets.UTF_8);
        this.payload = payload;
        this.observer = observer;
    }

    String channel() {
        return this.channel;
    }

    int slot() {
        return SlotHash.getSlot(this.channelName);
    }

    /** A command for one attempt. */
    AtMostOncePublish command() {
        return new AtMostOncePublish(this.channelName, this.payload);
    }

    /** Completed with the number of receivers, or with what Lettuce threw. Cancelled, the message is not offered again. */
    CompletableFuture<Long> answer() {
        return this.answer;
    }

    /**
     * Counts a refusal.
     *
     * @return how many there have been, at least 1
     */
    int refused() {
        if (this.refusals == 0) {
            this.firstRefusal = System.nanoTime();
        }
        return ++this.refusals;
    }

    /** Time since it was first refused. */
    Duration refusedFor() {
        return Duration.ofNanos(System.nanoTime() - this.firstRefusal);
    }

    void published(long receivers) {
        finished(PublishOutcome.PUBLISHED, receivers);
        this.answer.complete(receivers);
    }

    void failed(Throwable failure, PublishOutcome outcome) {
        finished(outcome, 0);
        this.answer.completeExceptionally(failure);
    }

    private void finished(PublishOutcome outcome, long receivers) {
        this.observer.finished(this.channel, outcome, receivers, Duration.ofNanos(System.nanoTime() - this.begin));
    }
}
