package io.github.shardedpubsub.listener;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one channel that wait for one listener, in order. Guarded by its own monitor, which is held for a few instructions
 * only, since event loops take it.
 */
final class ChannelQueue {

    private final int capacity;

    private final int many;

    private final OverflowPolicy overflow;

    private final BooleanSupplier paused;

    private final Runnable roomChanged;

    private final ArrayDeque<byte[]> messages = new ArrayDeque<>(4);

    /** Whether a worker has the queue, or it is in the line of those that wait for one. */
    private boolean scheduled;

    /** Something was dropped since the queue was last empty. */
    private boolean dropping;

    /** What comes now is for nobody. */
    private boolean closed;

    /** Full, and not half empty since, so that nothing more shall be read. */
    private boolean withoutRoom;

    /**
     * Creates an empty queue.
     *
     * @param capacity how many messages can wait
     * @param paused whether nothing is to be delivered now
     * @param roomChanged called when {@link #isWithoutRoom()} has changed or is still so, on the thread that did it
     */
    ChannelQueue(int capacity, OverflowPolicy overflow, BooleanSupplier paused, Runnable roomChanged) {
        this.capacity = capacity;
        this.many = Math.max(1, Math.min(OrderedDelivery.BATCH, capacity / 2));
        this.overflow = overflow;
        this.paused = paused;
        this.roomChanged = roomChanged;
    }

    int capacity() {
        return this.capacity;
    }

    OverflowPolicy overflow() {
        return this.overflow;
    }

    /**
     * What became of a message.
     *
     * @param longer whether the queue is longer by one now
     * @param schedule whether the caller has to find a worker for the queue
     * @param dropped whether it, or an older one, was dropped
     * @param first whether that was the first since the queue was last empty for which there was no room
     * @param many whether so many wait now that it is time to begin with them
     */
    record Added(boolean longer, boolean schedule, boolean dropped, boolean first, boolean many) {

        private static Added added(boolean schedule, boolean many) {
            if (many) {
                return schedule ? MANY_FOR_A_WORKER : MANY;
            }
            return schedule ? ADDED_FOR_A_WORKER : ADDED;
        }
    }

    private static final Added ADDED = new Added(true, false, false, false, false);

    private static final Added ADDED_FOR_A_WORKER = new Added(true, true, false, false, false);

    private static final Added MANY = new Added(true, false, false, false, true);

    private static final Added MANY_FOR_A_WORKER = new Added(true, true, false, false, true);

    private static final Added DROPPED = new Added(false, false, true, false, false);

    private static final Added FIRST_DROPPED = new Added(false, false, true, true, false);

    Added add(byte[] message) {
        boolean full;
        Added added;
        synchronized (this) {
            if (this.closed) {
                return DROPPED;
            }
            full = this.messages.size() >= this.capacity;
            if (full && this.overflow != OverflowPolicy.BLOCK) {
                if (this.overflow == OverflowPolicy.DROP_OLDEST) {
                    this.messages.removeFirst();
                    this.messages.addLast(message);
                }
                boolean first = !this.dropping;
                this.dropping = true;
                return first ? FIRST_DROPPED : DROPPED;
            }
            this.messages.addLast(message);
            full = this.overflow == OverflowPolicy.BLOCK && this.messages.size() >= this.capacity;
            this.withoutRoom |= full;
            added = Added.added(scheduleIfNeeded(), this.messages.size() == this.many);
        }
        if (full) {
            this.roomChanged.run();
        }
        return added;
    }

    /** Whether the caller has to find a worker for the queue. */
    synchronized boolean scheduleIfNeeded() {
        if (this.scheduled || this.messages.isEmpty() || this.paused.getAsBoolean()) {
            return false;
        }
        this.scheduled = true;
        return true;
    }

    /** The next message; with null there is nothing to deliver now, and its worker has to leave the queue. */
    byte @Nullable [] next() {
        boolean room = false;
        byte @Nullable [] message;
        synchronized (this) {
            message = this.paused.getAsBoolean() ? null : this.messages.pollFirst();
            if (message == null) {
                this.scheduled = false;
                notifyAll();
            }
            if (this.messages.isEmpty()) {
                this.dropping = false;
            }
            if (this.withoutRoom && this.messages.size() <= this.capacity / 2) {
                this.withoutRoom = false;
                room = true;
            }
        }
        if (room) {
            this.roomChanged.run();
        }
        return message;
    }

    synchronized boolean isWithoutRoom() {
        return this.withoutRoom;
    }

    /** Takes nothing more. What waits still does. */
    synchronized void close() {
        this.closed = true;
    }

    /** Takes messages again. */
    synchronized void open() {
        this.closed = false;
    }

    /** Throws everything away and says how much it was. Whoever is scheduled for the queue finds it empty. */
    int clear() {
        int size;
        boolean room;
        synchronized (this) {
            size = this.messages.size();
            this.messages.clear();
            this.dropping = false;
            room = this.withoutRoom;
            this.withoutRoom = false;
        }
        if (room) {
            this.roomChanged.run();
        }
        return size;
    }

    /**
     * Waits until everything is delivered and no call runs, or nothing is to be delivered.
     *
     * @return whether that came to be in time
     */
    synchronized boolean awaitIdle(long deadlineNanos) throws InterruptedException {
        while (this.scheduled) {
            long left = deadlineNanos - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
        }
        return true;
    }
}
