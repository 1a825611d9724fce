package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one channel that wait for delivery, in order. Guarded by its own monitor, which is held for a few instructions
 * only, since event loops take it.
 */
final class ChannelQueue {

    private final ChannelName channel;

    private final ArrayDeque<QueuedMessage> messages = new ArrayDeque<>(4);

    /** Whether a worker has the queue, or it is in the line of those that wait for one. */
    private boolean scheduled;

    /** What was dropped since the queue was last empty. */
    private long dropped;

    ChannelQueue(ChannelName channel) {
        this.channel = channel;
    }

    ChannelName channel() {
        return this.channel;
    }

    /**
     * What became of a message.
     *
     * @param added whether the queue is longer by one now
     * @param schedule whether the caller has to find a worker for the queue
     * @param dropped how many were dropped since the queue was last empty, counting this one; 0 if none was dropped now
     */
    record Added(boolean added, boolean schedule, long dropped) {}

    synchronized Added add(QueuedMessage message, int capacity, OverflowPolicy overflow) {
        boolean full = this.messages.size() >= capacity;
        if (full) {
            this.dropped++;
            if (overflow == OverflowPolicy.DROP_OLDEST) {
                this.messages.removeFirst();
                this.messages.addLast(message);
            }
            return new Added(false, false, this.dropped);
        }
        this.messages.addLast(message);
        boolean schedule = !this.scheduled;
        this.scheduled = true;
        return new Added(true, schedule, 0);
    }

    /** The next message; with null the queue is empty and its worker has to leave it. */
    synchronized @Nullable QueuedMessage next() {
        QueuedMessage message = this.messages.pollFirst();
        if (message == null) {
            this.scheduled = false;
            this.dropped = 0;
        }
        return message;
    }

    /** Throws everything away and says how much it was. Whoever is scheduled for the queue finds it empty. */
    synchronized int clear() {
        int size = this.messages.size();
        this.messages.clear();
        return size;
    }
}
