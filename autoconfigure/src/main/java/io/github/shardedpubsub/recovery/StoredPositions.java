package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * How far listeners are, on its way to a {@link ShardPositionStore} and from there: of each listener and channel the last place alone, and
 * not more often than once in an interval. The store is called by one thread, which begins with the first of them. Safe for use by any thread.
 */
final class StoredPositions implements AutoCloseable {

    private static final Log logger = LogFactory.getLog(StoredPositions.class);

    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(50), Duration.ofSeconds(5));

    /** That is long for a store, and short for who waits for it. */
    private static final long ANSWER_SECONDS = 10;

    private static final Duration REFRESH = Duration.ofDays(1);

    /** Between two attempts of who waits for all to be saved. */
    private static final long FLUSH_INTERVAL = 50;

    private final ShardPositionStore store;

    private final Duration interval;

    private final RecoveryObserver observer;

    private final ScheduledThreadPoolExecutor executor;

    private final Map<Key, Place> places = new ConcurrentHashMap<>();

    /** Those with something to be saved that is not being saved. */
    private final Queue<Place> due = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean scheduled = new AtomicBoolean();

    private final AtomicBoolean refreshing = new AtomicBoolean();

    /** Since the last success; said once. */
    private final AtomicBoolean failing = new AtomicBoolean();

    private record Key(String listener, String channel) {}

    /** Creates it without a thread. */
    StoredPositions(ShardPositionStore store, Duration interval, RecoveryObserver observer) {
        this.store = store;
        this.interval = interval;
        this.observer = observer;
        this.executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "sharded-pubsub-positions");
            thread.setDaemon(true);
            return thread;
        });
        this.executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * Takes a listener's place on a channel, until it {@linkplain Place#leave() leaves}.
     *
     * @throws IllegalArgumentException if another has it
     */
    Place take(String listener, ChannelName channel) {
        if (this.refreshing.compareAndSet(false, true)) {
            inBackground(this::refresh, REFRESH.toMillis());
        }
        return Objects.requireNonNull(this.places.compute(new Key(listener, channel.toString()), (key, present) -> {
            Place place = present != null ? present : new Place(key);
            if (!place.take()) {
                throw new IllegalArgumentException(
                        "Two listeners on the shard channel '" + channel + "' are called '" + listener
                                + "' and start where they were: each needs an id, or a name in its options, of its own");
            }
            return place;
        }));
    }

    /** Of one listener on one channel. Guarded by its monitor, in which nothing is called but the store, by the one thread. */
    final class Place {

        private final Key key;

        /** By a listener. */
        private boolean taken;

        private @Nullable StreamPosition last;

        private long asOf;

        /** It was at this place up to that time, and will be there when it has taken what waits for it. */
        private @Nullable ListenerPosition upToDate;

        /** The store does not know it. */
        private boolean changed;

        private boolean saving;

        private int failures;

        Place(Key key) {
            this.key = key;
        }

        private synchronized boolean take() {
            boolean free = !this.taken;
            this.taken = true;
            return free;
        }

        /**
         * Tells where the listener was, on another thread and as soon as that can be said.
         *
         * @param told is told that, null if nobody knows
         * @param failed is told why that cannot be said yet
         */
        void load(Consumer<@Nullable ListenerPosition> told, Consumer<String> failed) {
            inBackground(() -> load(told, failed, 0), 0);
        }

        private void load(Consumer<@Nullable ListenerPosition> told, Consumer<String> failed, int failuresBefore) {
            ListenerPosition known = begin();
            if (known != null) {
                told.accept(known);
                return;
            }
            var unused = answer(() -> StoredPositions.this.store.load(this.key.listener(), this.key.channel()))
                    .whenComplete((loaded, failure) -> {
                        if (failure == null) {
                            succeeded();
                            loaded(loaded);
                            told.accept(loaded);
                        } else if (isTaken()) {
                            failed.accept("its listener's position could not be loaded: "
                                    + failed(this.key, "loaded", failure));
                            int failuresNow = failuresBefore + 1;
                            inBackground(() -> load(told, failed, failuresNow), waiting(failuresNow));
                        }
                    });
        }

        /** What the store does not know yet. */
        private synchronized @Nullable ListenerPosition begin() {
            this.upToDate = null;
            return this.changed || this.saving ? position() : null;
        }

        private synchronized boolean isTaken() {
            return this.taken;
        }

        private synchronized void loaded(@Nullable ListenerPosition loaded) {
            this.last = loaded != null ? loaded.last() : null;
            if (loaded != null) {
                this.asOf = loaded.asOf().toEpochMilli();
                // so that the store does not forget it
                change();
            }
        }

        private @Nullable ListenerPosition position() {
            return this.last != null ? new ListenerPosition(this.last, Instant.ofEpochMilli(this.asOf)) : null;
        }

        /** The listener begins there, if it has not taken anything yet. */
        synchronized void begunAt(StreamPosition beginning, long time) {
            if (this.last == null) {
                this.last = beginning;
                this.asOf = time;
                change();
            }
        }

        /** The listener is done with what is there. */
        synchronized void taken(StreamPosition place) {
            this.last = place;
            this.asOf = place.millis();
            useUpToDate();
            change();
        }

        /** Up to that time nothing is behind that place. */
        synchronized void upToDate(StreamPosition place, long time) {
            this.upToDate = new ListenerPosition(place, Instant.ofEpochMilli(time));
            useUpToDate();
        }

        private void useUpToDate() {
            ListenerPosition current = this.upToDate;
            if (current != null && current.last().equals(this.last)) {
                this.asOf = Math.max(this.asOf, current.asOf().toEpochMilli());
                change();
            }
        }

        private synchronized void refresh() {
            if (this.last != null) {
                change();
            }
        }

        private void change() {
            if (!this.changed) {
                this.changed = true;
                if (!this.saving) {
                    StoredPositions.this.due.add(this);
                    schedule(StoredPositions.this.interval.toMillis());
                }
            }
        }

        /** On the thread of the store. */
        private void save() {
            ListenerPosition now;
            synchronized (this) {
                now = position();
                if (now == null || this.saving || !this.changed) {
                    return;
                }
                this.saving = true;
                this.changed = false;
            }
            var unused = answer(() -> StoredPositions.this.store.save(this.key.listener(), this.key.channel(), now))
                    .whenComplete((done, failure) -> saved(failure));
        }

        private void saved(@Nullable Throwable failure) {
            if (failure == null) {
                succeeded();
            } else {
                failed(this.key, "saved", failure);
            }
            synchronized (this) {
                this.saving = false;
                this.failures = failure == null ? 0 : this.failures + 1;
                this.changed |= failure != null;
                if (this.changed) {
                    StoredPositions.this.due.add(this);
                    schedule(Math.max(StoredPositions.this.interval.toMillis(), waiting(this.failures)));
                }
            }
            forgetIfLeft();
        }

        private synchronized boolean isUnsaved() {
            return this.changed || this.saving;
        }

        /** Another may have it. */
        void leave() {
            synchronized (this) {
                this.taken = false;
            }
            forgetIfLeft();
        }

        private void forgetIfLeft() {
            StoredPositions.this.places.computeIfPresent(
                    this.key, (key, place) -> place.isTaken() || place.isUnsaved() ? place : null);
        }
    }

    private long waiting(int failures) {
        return BACKOFF.after(failures, ThreadLocalRandom.current().nextDouble()).toMillis();
    }

    private void schedule(long millis) {
        if (this.scheduled.compareAndSet(false, true)) {
            inBackground(this::saveDue, millis);
        }
    }

    private void saveDue() {
        this.scheduled.set(false);
        for (Place next = this.due.poll(); next != null; next = this.due.poll()) {
            next.save();
        }
    }

    private void refresh() {
        this.places.values().forEach(Place::refresh);
        inBackground(this::refresh, REFRESH.toMillis());
    }

    /**
     * Saves now what there is to be saved.
     *
     * @param millis how long is waited for that at most
     * @return whether it was done in time
     */
    boolean flush(long millis) {
        if (this.places.isEmpty()) {
            return true;
        }
        if (this.executor.isShutdown()) {
            return false;
        }
        CompletableFuture<@Nullable Void> flushed = new CompletableFuture<>();
        inBackground(() -> flush(flushed), 0);
        try {
            flushed.get(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException ex) {
            return false;
        } catch (ExecutionException ex) {
            throw new IllegalStateException("It is never completed so", ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            flushed.cancel(false);
        }
    }

    private void flush(CompletableFuture<@Nullable Void> flushed) {
        if (flushed.isDone()) {
            return;
        }
        saveDue();
        if (this.places.values().stream().noneMatch(Place::isUnsaved)) {
            flushed.complete(null);
        } else {
            inBackground(() -> flush(flushed), FLUSH_INTERVAL);
        }
    }

    private static <T extends @Nullable Object> CompletableFuture<T> answer(Supplier<CompletionStage<T>> call) {
        try {
            return call.get().toCompletableFuture().copy().orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (RuntimeException ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }

    private void succeeded() {
        if (this.failing.compareAndSet(true, false)) {
            logger.info("Positions of listeners are loaded and saved again");
        }
    }

    /** Returns why, for people. */
    private String failed(Key key, String what, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        String message = "The position of the listener '" + key.listener() + "' on the shard channel '" + key.channel()
                + "' could not be " + what + " and is tried again";
        if (this.failing.compareAndSet(false, true)) {
            logger.warn(message + "; more of this is counted, but not logged", cause);
        } else {
            logger.debug(message, cause);
        }
        String reason = cause instanceof TimeoutException
                ? "no answer within " + ANSWER_SECONDS + " s"
                : String.valueOf(cause.getMessage());
        this.observer.positionFailed(key.channel(), reason);
        return reason;
    }

    private void inBackground(Runnable task, long millis) {
        try {
            var unused = this.executor.schedule(task, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException ex) {
            logger.debug("Positions are not saved any more", ex);
        }
    }

    /** Saves nothing more. */
    @Override
    public void close() {
        this.executor.shutdownNow();
    }
}
