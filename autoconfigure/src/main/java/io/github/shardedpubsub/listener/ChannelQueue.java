package io.github.shardedpubsub.listener;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one channel that wait for one listener, in order. Guarded by its own monitor, which is held for a few instructions
 * only, since event loops take it; but for the {@link Head}, from which a worker takes without it.
 */
final class ChannelQueue {

    /** How many messages a worker has before it the monitor is taken again, at most. */
    private static final int HEAD = OrderedDelivery.BATCH;

    private final int capacity;

    private final int many;

    private final OverflowPolicy overflow;

    private final BooleanSupplier paused;

    private final Runnable roomChanged;

    /** What came when nothing waited: with very many channels nearly all messages, which touch no more memory than this. */
    private byte @Nullable [] only;

    /** What came first where there was more; filled by the worker, when it and {@link #only} are empty. Null until then. */
    private @Nullable Head head;

    /** What came after that. Null until it was needed. */
    private @Nullable ArrayDeque<byte[]> tail;

    /** Whether a worker has the queue, or it is in the line of those that wait for one. */
    private boolean scheduled;

    /** Something was dropped since the queue was last empty. */
    private boolean dropping;

    /** What comes now is for nobody. */
    private boolean closed;

    /** Full, and not half empty since, so that nothing more shall be read. Changed under the monitor. */
    private volatile boolean withoutRoom;

    /** Threads in {@link #awaitIdle}. */
    private int waiters;

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

    /**
     * The first messages of the queue. One thread at a time fills it, under the queue's monitor and when it is empty; the same takes
     * them without the monitor, one by one, and under it others may, who drop the oldest or all.
     */
    private static final class Head {

        /** How many have been taken since it was filled. */
        private final AtomicInteger taken = new AtomicInteger();

        private byte[] @Nullable [] messages = new byte[4][];

        private int filled;

        int size() {
            return this.filled - this.taken.get();
        }

        /** The oldest; null where there is none. */
        byte @Nullable [] take() {
            for (int first = this.taken.get(); first < this.filled; first = this.taken.get()) {
                byte[] message = this.messages[first];
                if (this.taken.compareAndSet(first, first + 1)) {
                    this.messages[first] = null;
                    return message;
                }
            }
            return null;
        }

        void fill(ArrayDeque<byte[]> from) {
            int size = Math.min(HEAD, from.size());
            if (size > this.messages.length) {
                this.messages = new byte[Math.max(size, Math.min(HEAD, 2 * this.messages.length))][];
            }
            for (int i = 0; i < size; i++) {
                this.messages[i] = from.removeFirst();
            }
            this.filled = size;
            this.taken.set(0);
        }
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
     * @param schedule whether the caller has to find a worker for the queue
     * @param dropped whether it, or an older one, was dropped
     * @param first whether that was the first since the queue was last empty for which there was no room
     * @param many whether so many wait now that it is time to begin with them
     */
    record Added(boolean schedule, boolean dropped, boolean first, boolean many) {

        private static Added added(boolean schedule, boolean many) {
            if (many) {
                return schedule ? MANY_FOR_A_WORKER : MANY;
            }
            return schedule ? ADDED_FOR_A_WORKER : ADDED;
        }
    }

    private static final Added ADDED = new Added(false, false, false, false);

    private static final Added ADDED_FOR_A_WORKER = new Added(true, false, false, false);

    private static final Added MANY = new Added(false, false, false, true);

    private static final Added MANY_FOR_A_WORKER = new Added(true, false, false, true);

    private static final Added DROPPED = new Added(false, true, false, false);

    private static final Added FIRST_DROPPED = new Added(false, true, true, false);

    Added add(byte[] message) {
        boolean full;
        Added added;
        synchronized (this) {
            if (this.closed) {
                return DROPPED;
            }
            if (this.dropping && size() == 0) {
                this.dropping = false;
            }
            if (this.overflow != OverflowPolicy.BLOCK
                    && isFull()
                    && (this.overflow == OverflowPolicy.DROP_NEWEST || dropOldest())) {
                if (this.overflow == OverflowPolicy.DROP_OLDEST) {
                    append(message);
                }
                boolean first = !this.dropping;
                this.dropping = true;
                return first ? FIRST_DROPPED : DROPPED;
            }
            append(message);
            full = this.overflow == OverflowPolicy.BLOCK && isFull();
            if (full) {
                this.withoutRoom = true;
            }
            added = Added.added(scheduleIfNeeded(), sizeWithoutHead() == this.many);
        }
        if (full) {
            this.roomChanged.run();
        }
        return added;
    }

    /** Under the monitor. The head is asked only if it matters, since a worker is changing it. */
    private boolean isFull() {
        return sizeWithoutHead() >= this.capacity - HEAD && size() >= this.capacity;
    }

    /** Under the monitor. Here, too, the head is asked only if it matters. */
    private void append(byte[] message) {
        if (sizeWithoutHead() == 0 && size() == 0) {
            this.only = message;
            return;
        }
        ArrayDeque<byte[]> tail = this.tail;
        if (tail == null) {
            tail = new ArrayDeque<>(4);
            this.tail = tail;
        }
        tail.addLast(message);
    }

    /** Under the monitor. Returns false if a worker has just made room. */
    private boolean dropOldest() {
        if (takeOnly() != null || takeFromHead() != null) {
            return true;
        }
        ArrayDeque<byte[]> tail = this.tail;
        if (tail == null || tail.size() < this.capacity) {
            return false;
        }
        tail.removeFirst();
        return true;
    }

    /** How many messages wait. */
    synchronized int size() {
        Head head = this.head;
        return sizeWithoutHead() + (head != null ? head.size() : 0);
    }

    /** Under the monitor. */
    private int sizeWithoutHead() {
        ArrayDeque<byte[]> tail = this.tail;
        return (this.only != null ? 1 : 0) + (tail != null ? tail.size() : 0);
    }

    /** Whether the caller has to find a worker for the queue. */
    synchronized boolean scheduleIfNeeded() {
        if (this.scheduled || this.paused.getAsBoolean() || size() == 0) {
            return false;
        }
        this.scheduled = true;
        return true;
    }

    /**
     * The next message; with null there is nothing to deliver now, and its worker has to leave the queue. Called by the worker that has
     * the queue.
     */
    byte @Nullable [] next() {
        // Where there is no room, each message may be the last that was in its way: that is seen in the monitor.
        if (!this.withoutRoom && !this.paused.getAsBoolean()) {
            byte[] message = takeFromHead();
            if (message != null) {
                return message;
            }
        }
        return nextInMonitor();
    }

    private byte @Nullable [] takeFromHead() {
        Head head = this.head;
        return head != null ? head.take() : null;
    }

    private byte @Nullable [] nextInMonitor() {
        boolean room = false;
        byte @Nullable [] message;
        synchronized (this) {
            message = this.paused.getAsBoolean() ? null : takeInMonitor();
            if (message == null) {
                this.scheduled = false;
                if (this.waiters > 0) {
                    notifyAll();
                }
            }
            if (this.withoutRoom && size() <= this.capacity / 2) {
                this.withoutRoom = false;
                room = true;
            }
        }
        if (room) {
            this.roomChanged.run();
        }
        return message;
    }

    private byte @Nullable [] takeInMonitor() {
        byte[] message = takeOnly();
        if (message == null) {
            message = takeFromHead();
            if (message != null) {
                return message;
            }
        }
        ArrayDeque<byte[]> tail = this.tail;
        if (tail == null) {
            return message;
        }
        if (message == null) {
            message = tail.pollFirst();
        }
        if (!tail.isEmpty()) {
            fillHead(tail);
        }
        return message;
    }

    /** Under the monitor. While there is one, the head is empty. */
    private byte @Nullable [] takeOnly() {
        byte[] message = this.only;
        this.only = null;
        return message;
    }

    private void fillHead(ArrayDeque<byte[]> tail) {
        Head head = this.head;
        if (head == null) {
            head = new Head();
            this.head = head;
        }
        head.fill(tail);
    }

    boolean isWithoutRoom() {
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
            size = sizeWithoutHead();
            this.only = null;
            this.tail = null;
            while (takeFromHead() != null) {
                size++;
            }
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
        this.waiters++;
        try {
            while (this.scheduled) {
                long left = deadlineNanos - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)));
            }
            return true;
        } finally {
            this.waiters--;
        }
    }
}
