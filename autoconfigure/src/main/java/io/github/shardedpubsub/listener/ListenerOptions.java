package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.recovery.StartPosition;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;
import org.springframework.util.ErrorHandler;

/**
 * What is different for one listener from what is set for its container. Null leaves it as it is there.
 *
 * @param concurrency how many channels of this listener are delivered at the same time, at least 1; threads of its own do that, and
 *     not those that the container's other listeners share
 * @param queueCapacity how many messages of one channel can wait for this listener, at least 1
 * @param overflow what is done when a queue is full; it has no meaning with recovery, where what finds no room is read from the history
 * @param errorHandler is given what the listener throws
 * @param name what the listener is called where its calls are observed, as a tag of metrics among others, and where it is kept how far it
 *     is: one of few
 * @param recover whether it gets from its channels' histories what it did not get live; null if that is so on the channels that have one,
 *     as the container knows them
 * @param start where it begins in their histories; null for what is published from then on
 */
public record ListenerOptions(
        @Nullable Integer concurrency,
        @Nullable Integer queueCapacity,
        @Nullable OverflowPolicy overflow,
        @Nullable ErrorHandler errorHandler,
        @Nullable String name,
        @Nullable Boolean recover,
        @Nullable StartPosition start) {

    /** Nothing is different. */
    public static final ListenerOptions DEFAULTS = new ListenerOptions(null, null, null, null, null, null, null);

    public ListenerOptions {
        Assert.isTrue(concurrency == null || concurrency > 0, "Concurrency must be positive");
        Assert.isTrue(queueCapacity == null || queueCapacity > 0, "Queue capacity must be positive");
    }

    /** The same with another concurrency. */
    public ListenerOptions withConcurrency(int concurrency) {
        return new ListenerOptions(
                concurrency, this.queueCapacity, this.overflow, this.errorHandler, this.name, this.recover, this.start);
    }

    /** The same with another capacity of each queue. */
    public ListenerOptions withQueueCapacity(int queueCapacity) {
        return new ListenerOptions(
                this.concurrency, queueCapacity, this.overflow, this.errorHandler, this.name, this.recover, this.start);
    }

    /** The same with another way to treat a full queue. */
    public ListenerOptions withOverflow(OverflowPolicy overflow) {
        return new ListenerOptions(
                this.concurrency, this.queueCapacity, overflow, this.errorHandler, this.name, this.recover, this.start);
    }

    /** The same with another error handler. */
    public ListenerOptions withErrorHandler(ErrorHandler errorHandler) {
        return new ListenerOptions(
                this.concurrency, this.queueCapacity, this.overflow, errorHandler, this.name, this.recover, this.start);
    }

    /** The same with another name. */
    public ListenerOptions withName(String name) {
        return new ListenerOptions(
                this.concurrency, this.queueCapacity, this.overflow, this.errorHandler, name, this.recover, this.start);
    }

    /** The same with or without recovery, whatever the container knows of its channels. */
    public ListenerOptions withRecover(boolean recover) {
        return new ListenerOptions(
                this.concurrency, this.queueCapacity, this.overflow, this.errorHandler, this.name, recover, this.start);
    }

    /** The same with another beginning. */
    public ListenerOptions withStart(StartPosition start) {
        return new ListenerOptions(
                this.concurrency, this.queueCapacity, this.overflow, this.errorHandler, this.name, this.recover, start);
    }
}
