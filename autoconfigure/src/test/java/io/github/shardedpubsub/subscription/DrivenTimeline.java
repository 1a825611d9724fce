package io.github.shardedpubsub.subscription;

import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.BooleanSupplier;

/**
 * Virtual time, for the subscriptions and for the world around them: everything that happens is an event at a moment, and the
 * test says how far time goes. The same seed gives the same run.
 *
 * <p>Tasks of the subscriptions run in their order but a little late, as on a busy thread, so that the world is ahead of what they
 * know.
 */
final class DrivenTimeline implements Timeline {

    private static final long LATENESS_NANOS = 50_000;

    private record Event(long at, long order, boolean subscriptions, Runnable task) implements Comparable<Event> {

        @Override
        public int compareTo(Event other) {
            return this.at != other.at ? Long.compare(this.at, other.at) : Long.compare(this.order, other.order);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();

    private final Random dice;

    private final Instant start = Instant.parse("2026-01-01T00:00:00Z");

    private Runnable afterEachStep = () -> {};

    private long nowNanos = 1;

    private long lastExecuteNanos;

    private long order;

    private boolean stopped;

    private volatile int executed;

    DrivenTimeline(long seed) {
        this.dice = new Random(seed);
    }

    Random dice() {
        return this.dice;
    }

    /** For invariants: called after every event. */
    void afterEachStep(Runnable check) {
        this.afterEachStep = check;
    }

    /** An event of the world, which {@link #stop()} does not stop. */
    synchronized void at(long nanos, Runnable event) {
        this.events.add(new Event(Math.max(nanos, this.nowNanos), this.order++, false, event));
    }

    void after(Duration delay, Runnable event) {
        at(this.nowNanos + delay.toNanos(), event);
    }

    void advance(Duration time) {
        long end = this.nowNanos + time.toNanos();
        while (step(end)) {
            this.afterEachStep.run();
        }
        this.nowNanos = end;
    }

    /** Lets time go on until something is so. */
    void until(BooleanSupplier condition, Duration limit) {
        long end = this.nowNanos + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (!step(end)) {
                throw new AssertionError("Not within " + limit + " of virtual time");
            }
            this.afterEachStep.run();
        }
    }

    private boolean step(long end) {
        Event next;
        synchronized (this) {
            next = this.events.peek();
            if (next == null || next.at() > end) {
                return false;
            }
            this.events.poll();
            this.nowNanos = next.at();
        }
        if (!next.subscriptions() || !this.stopped) {
            next.task().run();
        }
        return true;
    }

    @Override
    public synchronized void execute(Runnable task) {
        this.lastExecuteNanos =
                Math.max(this.lastExecuteNanos, this.nowNanos + (long) (LATENESS_NANOS * this.dice.nextDouble()));
        this.events.add(new Event(this.lastExecuteNanos, this.order++, true, task));
        this.executed++;
    }

    /** How many tasks were handed in to be run at once. */
    int executed() {
        return this.executed;
    }

    @Override
    public synchronized void schedule(Duration delay, Runnable task) {
        this.events.add(new Event(this.nowNanos + delay.toNanos(), this.order++, true, task));
    }

    @Override
    public long nanoTime() {
        return this.nowNanos;
    }

    @Override
    public Instant now() {
        return this.start.plusNanos(this.nowNanos);
    }

    @Override
    public double random() {
        return this.dice.nextDouble();
    }

    @Override
    public synchronized void stop() {
        this.stopped = true;
    }

    synchronized boolean isStopped() {
        return this.stopped;
    }
}
