package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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

    /** For so long after a listener has left, a call of it that ends counts. */
    private static final Duration KEPT = Duration.ofMinutes(10);

    /** Between two attempts of who waits for all to be saved. */
    private static final long FLUSH_INTERVAL = 50;

    private final ShardPositionStore store;

    private final Duration interval;

    private final RecoveryObserver observer;

    private final ScheduledThreadPoolExecutor executor;

    private final Map<Key, Entry> entries = new ConcurrentHashMap<>();

    /** Those with something to be saved that is not being saved, but for those where that has failed. */
    private final Queue<Entry> due = new ConcurrentLinkedQueue<>();

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
        Entry taken = this.entries.compute(new Key(listener, channel.toString()), (key, present) -> {
            Entry entry = present != null ? present : new Entry(key);
            if (!entry.take()) {
                throw new IllegalArgumentException(
                        "Two listeners on the shard channel '" + channel + "' are called '" + listener
                                + "' and start where they were: each needs an id, or a name in its options, of its own");
            }
            return entry;
        });
        return Objects.requireNonNull(Objects.requireNonNull(taken).holder());
    }

    /**
     * A listener's on a channel, for as long as it is there. A call that it leaves behind may end later: that counts until the next one
     * begins, and is out of date then.
     */
    final class Place {

        private final Entry entry;

        /** Guarded by the entry. */
        private boolean left;

        private Place(Entry entry) {
            this.entry = entry;
        }

        /**
         * Tells where the listener was, on another thread and as soon as that can be said.
         *
         * @param told is told that, null if nobody knows
         * @param failed is told why that cannot be said yet
         */
        void load(Consumer<@Nullable ListenerPosition> told, Consumer<String> failed) {
            inBackground(() -> this.entry.load(this, told, failed, 0), 0);
        }

        /** The listener begins there, if it has not taken anything yet. */
        void begunAt(StreamPosition beginning, long time) {
            this.entry.begunAt(this, beginning, time);
        }

        /** The listener is done with what is there. */
        void taken(StreamPosition position) {
            this.entry.taken(this, position);
        }

        /** Up to that time nothing is behind that place. */
        void upToDate(StreamPosition position, long time) {
            this.entry.upToDate(this, position, time);
        }

        /** Another may have it. */
        void leave() {
            if (this.entry.leave(this)) {
                forgetLater(this);
            }
        }
    }

    private void forgetLater(Place place) {
        inBackground(
                () -> {
                    Entry entry = place.entry;
                    this.entries.computeIfPresent(entry.key, (key, present) -> entry.forget(place) ? null : present);
                    if (entry.isLeftBy(place)) {
                        forgetLater(place);
                    }
                },
                KEPT.toMillis());
    }

    /**
     * What is known of one listener on one channel. Guarded by its monitor, in which nothing is called but the store, by the one thread.
     */
    private final class Entry {

        private final Key key;

        /** Who has it, or had it last. */
        private @Nullable Place holder;

        /** Who says where the listener is: the holder from its beginning on, and the one before until then. */
        private @Nullable Place begun;

        private @Nullable StreamPosition last;

        private long asOf;

        /** It was at this place up to that time, and will be there when it has taken what waits for it. */
        private @Nullable ListenerPosition upToDate;

        /** How often it has changed, */
        private long changes;

        /** and how many of these changes the store knows. */
        private long saved;

        private boolean saving;

        /** It is going to be saved. */
        private boolean due;

        private int failures;

        Entry(Key key) {
            this.key = key;
        }

        private synchronized boolean take() {
            if (this.holder != null && !this.holder.left) {
                return false;
            }
            this.holder = new Place(this);
            return true;
        }

        private synchronized @Nullable Place holder() {
            return this.holder;
        }

        private void load(
                Place place, Consumer<@Nullable ListenerPosition> told, Consumer<String> failed, int failuresBefore) {
            ListenerPosition known;
            long changesBefore;
            synchronized (this) {
                this.upToDate = null;
                changesBefore = this.changes;
                known = isUnsaved() ? begin(place) : null;
            }
            if (known != null) {
                told.accept(known);
                return;
            }
            var unused = answer(() -> StoredPositions.this.store.load(this.key.listener(), this.key.channel()))
                    .thenApply(loaded -> loaded(place, loaded, changesBefore))
                    .whenComplete((loaded, failure) -> {
                        if (failure == null) {
                            succeeded();
                            told.accept(loaded);
                        } else if (isHeldBy(place)) {
                            failed.accept("its listener's position could not be loaded: "
                                    + failed(this.key, "loaded", failure));
                            int failuresNow = failuresBefore + 1;
                            inBackground(() -> load(place, told, failed, failuresNow), waiting(failuresNow));
                        }
                    });
        }

        /** Returns what the listener begins with: a call may have ended meanwhile. */
        private synchronized @Nullable ListenerPosition loaded(
                Place place, @Nullable ListenerPosition loaded, long changesBefore) {
            if (this.changes == changesBefore && isHeldBy(place)) {
                this.asOf = loaded != null ? loaded.asOf().toEpochMilli() : 0;
                this.last = loaded != null ? loaded.last() : null;
                // so that the store does not forget it
                refresh();
            }
            return begin(place);
        }

        private @Nullable ListenerPosition begin(Place place) {
            if (isHeldBy(place)) {
                this.begun = place;
            }
            return position();
        }

        private synchronized boolean isHeldBy(Place place) {
            return this.holder == place && !place.left;
        }

        private @Nullable ListenerPosition position() {
            return this.last != null ? new ListenerPosition(this.last, Instant.ofEpochMilli(this.asOf)) : null;
        }

        private synchronized void begunAt(Place place, StreamPosition beginning, long time) {
            if (this.last == null && isHeldBy(place)) {
                this.last = beginning;
                this.asOf = time;
                change();
            }
        }

        private synchronized void taken(Place place, StreamPosition position) {
            if (isHeldBy(place)) {
                this.begun = place;
            } else if (this.begun != place) {
                return;
            }
            this.last = position;
            this.asOf = position.millis();
            useUpToDate();
            change();
        }

        private synchronized void upToDate(Place place, StreamPosition position, long time) {
            if (isHeldBy(place)) {
                this.upToDate = new ListenerPosition(position, Instant.ofEpochMilli(time));
                useUpToDate();
            }
        }

        private void useUpToDate() {
            ListenerPosition current = this.upToDate;
            if (current != null && current.last().equals(this.last)) {
                this.asOf = Math.max(this.asOf, current.asOf().toEpochMilli());
                change();
            }
        }

        private synchronized void refreshIfHeld() {
            if (this.holder != null && !this.holder.left) {
                refresh();
            }
        }

        private void refresh() {
            if (this.last != null) {
                change();
            }
        }

        private void change() {
            this.changes++;
            if (!this.saving) {
                becomeDue();
            }
        }

        private void becomeDue() {
            if (!this.due) {
                this.due = true;
                StoredPositions.this.due.add(this);
                schedule();
            }
        }

        private void saveAsDue() {
            synchronized (this) {
                this.due = false;
            }
            save();
        }

        /** On the thread of the store. */
        private void save() {
            ListenerPosition now;
            long changesNow;
            synchronized (this) {
                now = position();
                if (now == null || this.saving || !isUnsaved()) {
                    return;
                }
                this.saving = true;
                changesNow = this.changes;
            }
            var unused = answer(() -> StoredPositions.this.store.save(this.key.listener(), this.key.channel(), now))
                    .whenComplete((done, failure) -> saved(changesNow, failure));
        }

        private void saved(long changesThen, @Nullable Throwable failure) {
            if (failure == null) {
                succeeded();
            } else {
                failed(this.key, "saved", failure);
            }
            synchronized (this) {
                this.saving = false;
                if (failure == null) {
                    this.failures = 0;
                    this.saved = changesThen;
                    if (isUnsaved()) {
                        becomeDue();
                    }
                } else if (!this.due) {
                    // on its own, so that the others neither wait for it nor hasten it
                    this.failures++;
                    this.due = true;
                    inBackground(
                            this::saveAsDue,
                            Math.max(StoredPositions.this.interval.toMillis(), waiting(this.failures)));
                }
            }
        }

        private synchronized boolean isUnsaved() {
            return this.saved < this.changes;
        }

        /** Null if there is nothing to be saved. */
        private synchronized @Nullable Unsaved unsaved() {
            return isUnsaved() ? new Unsaved(this, this.changes) : null;
        }

        private synchronized boolean isSaved(long changesThen) {
            return this.saved >= changesThen;
        }

        /** Returns whether it was there until now. */
        private synchronized boolean leave(Place place) {
            boolean held = isHeldBy(place);
            place.left = true;
            return held;
        }

        private synchronized boolean isLeftBy(Place place) {
            return this.holder == place && place.left;
        }

        /** What calls tell from now on is too late. Returns false if another has the place, or it is not saved yet. */
        private synchronized boolean forget(Place place) {
            if (!isLeftBy(place) || isUnsaved()) {
                return false;
            }
            this.holder = null;
            this.begun = null;
            return true;
        }
    }

    /** So many of its changes are to be known to the store. */
    private record Unsaved(Entry entry, long changes) {

        boolean isSaved() {
            return this.entry.isSaved(this.changes);
        }
    }

    private long waiting(int failures) {
        return BACKOFF.after(failures, ThreadLocalRandom.current().nextDouble()).toMillis();
    }

    private void schedule() {
        if (this.scheduled.compareAndSet(false, true)) {
            inBackground(this::saveDue, this.interval.toMillis());
        }
    }

    private void saveDue() {
        this.scheduled.set(false);
        // what becomes due meanwhile has its own interval
        List<Entry> now = new ArrayList<>();
        for (Entry next = this.due.poll(); next != null; next = this.due.poll()) {
            now.add(next);
        }
        now.forEach(Entry::saveAsDue);
    }

    private void refresh() {
        this.entries.values().forEach(Entry::refreshIfHeld);
        inBackground(this::refresh, REFRESH.toMillis());
    }

    /**
     * Saves now what there is to be saved, but not what comes meanwhile.
     *
     * @param millis how long is waited for that at most
     * @return whether it was done in time
     */
    boolean flush(long millis) {
        List<Unsaved> unsaved = this.entries.values().stream()
                .map(Entry::unsaved)
                .filter(Objects::nonNull)
                .toList();
        if (unsaved.isEmpty()) {
            return true;
        }
        if (this.executor.isShutdown()) {
            return false;
        }
        CompletableFuture<@Nullable Void> flushed = new CompletableFuture<>();
        inBackground(() -> flush(unsaved, flushed), 0);
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

    private void flush(List<Unsaved> unsaved, CompletableFuture<@Nullable Void> flushed) {
        if (flushed.isDone()) {
            return;
        }
        List<Unsaved> left = unsaved.stream().filter(each -> !each.isSaved()).toList();
        left.forEach(each -> each.entry().save());
        if (left.stream().allMatch(Unsaved::isSaved)) {
            flushed.complete(null);
        } else {
            inBackground(() -> flush(left, flushed), FLUSH_INTERVAL);
        }
    }

    private static <T extends @Nullable Object> CompletableFuture<T> answer(Supplier<CompletionStage<T>> call) {
        try {
            return call.get().toCompletableFuture().copy().orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (Throwable ex) {
            // whatever that is, it must not be the end of what is saved
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
