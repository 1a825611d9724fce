package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.pipe.ChannelName;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a store is asked for when listeners come, take messages, and go, and when it fails. */
class StoredPositionsTests {

    private static final ChannelName CHANNEL = ChannelName.of("news");

    private static final long FOR_EVER = TimeUnit.MINUTES.toMillis(1);

    private final Store store = new Store();

    private final AtomicInteger failures = new AtomicInteger();

    private final List<String> reasons = new CopyOnWriteArrayList<>();

    private final List<StoredPositions> opened = new ArrayList<>();

    private StoredPositions positions(Duration interval) {
        StoredPositions positions = new StoredPositions(this.store, interval, new RecoveryObserver() {

            @Override
            public void positionFailed(String channel, String reason) {
                assertThat(channel).isEqualTo("news");
                StoredPositionsTests.this.reasons.add(reason);
                StoredPositionsTests.this.failures.incrementAndGet();
            }
        });
        this.opened.add(positions);
        return positions;
    }

    @AfterEach
    void close() {
        this.opened.forEach(StoredPositions::close);
    }

    /** Answers when it is told to, if it is told to do so itself. */
    private static final class Store implements ShardPositionStore {

        private final List<ListenerPosition> saved = new CopyOnWriteArrayList<>();

        private final ConcurrentLinkedQueue<CompletableFuture<@Nullable Void>> unanswered =
                new ConcurrentLinkedQueue<>();

        private final AtomicInteger loads = new AtomicInteger();

        private volatile boolean silent;

        private volatile boolean down;

        /** Thrown once, by whatever is called. */
        private final AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();

        private volatile @Nullable String downFor;

        private volatile long answersAfter;

        private volatile long blocksFor;

        private volatile @Nullable ListenerPosition known;

        @Override
        public CompletionStage<@Nullable ListenerPosition> load(String listener, String channel) {
            assertThat(listener).isEqualTo("clerk");
            this.loads.incrementAndGet();
            throwOnce();
            return this.down
                    ? CompletableFuture.failedFuture(new IllegalStateException("the store is down"))
                    : CompletableFuture.completedFuture(this.known);
        }

        @Override
        public CompletionStage<@Nullable Void> save(String listener, String channel, ListenerPosition position) {
            throwOnce();
            if (this.down || channel.equals(this.downFor)) {
                throw new IllegalStateException("the store is down");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(this.blocksFor));
            this.saved.add(position);
            this.known = position;
            CompletableFuture<@Nullable Void> answer = new CompletableFuture<>();
            if (this.silent) {
                this.unanswered.add(answer);
            } else if (this.answersAfter > 0) {
                answer.completeOnTimeout(null, this.answersAfter, TimeUnit.MILLISECONDS);
            } else {
                answer.complete(null);
            }
            return answer;
        }

        private void throwOnce() {
            Throwable once = this.thrown.getAndSet(null);
            if (once != null) {
                StoredPositionsTests.<RuntimeException>throwSneakily(once);
            }
        }
    }

    /** As a store does that is not written in Java. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Throwable> void throwSneakily(Throwable thrown) throws E {
        throw (E) thrown;
    }

    private static StreamPosition at(int number) {
        return StreamPosition.parse("0123456789abcdef/" + number + "-0");
    }

    private static ListenerPosition taken(int number) {
        return new ListenerPosition(at(number), Instant.ofEpochMilli(number));
    }

    private static @Nullable ListenerPosition load(StoredPositions.Place place) {
        CompletableFuture<@Nullable ListenerPosition> loaded = new CompletableFuture<>();
        place.load(loaded::complete, reason -> {});
        return loaded.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void ofManyMessagesTheLastIsSavedWhenTheIntervalIsOver() {
        StoredPositions.Place place = positions(Duration.ofMillis(300)).take("clerk", CHANNEL);
        for (int i = 0; i < 1000; i++) {
            place.taken(at(i));
        }

        await().until(() -> !this.store.saved.isEmpty());

        assertThat(this.store.saved).containsExactly(taken(999));
    }

    @Test
    void noSecondSavingBeginsBeforeTheFirstIsDone() {
        StoredPositions.Place place = positions(Duration.ofMillis(1)).take("clerk", CHANNEL);
        this.store.silent = true;
        place.taken(at(1));
        await().until(() -> this.store.unanswered.size() == 1);
        place.taken(at(2));
        place.taken(at(3));
        await().during(Duration.ofMillis(100)).until(() -> this.store.saved.size() == 1);

        this.store.unanswered.remove().complete(null);

        await().until(() -> this.store.saved.size() == 2);
        assertThat(this.store.saved).containsExactly(taken(1), taken(3));
    }

    @Test
    void aStoreThatBlocksIsNotCalledMoreOftenThanOnceInAnInterval() {
        StoredPositions.Place place = positions(Duration.ofMillis(300)).take("clerk", CHANNEL);
        this.store.blocksFor = 5;
        long begin = System.nanoTime();
        for (int i = 0; System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(1); i++) {
            place.taken(at(i));
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }

        assertThat(this.store.saved).hasSizeBetween(1, 4);
    }

    @Test
    void flushingSavesAtOnceAndWaitsForIt() {
        StoredPositions positions = positions(Duration.ofHours(1));
        StoredPositions.Place place = positions.take("clerk", CHANNEL);
        place.taken(at(1));

        assertThat(positions.flush(FOR_EVER)).isTrue();

        assertThat(this.store.saved).containsExactly(taken(1));
    }

    @Test
    void flushingDoesNotWaitForEver() {
        StoredPositions positions = positions(Duration.ofHours(1));
        this.store.silent = true;
        positions.take("clerk", CHANNEL).taken(at(1));

        assertThat(positions.flush(100)).isFalse();
    }

    @Test
    void whatFailsIsCountedAndTriedAgain() {
        StoredPositions positions = positions(Duration.ofMillis(1));
        this.store.down = true;
        StoredPositions.Place place = positions.take("clerk", CHANNEL);
        place.taken(at(1));
        await().until(() -> this.failures.get() >= 2);
        place.taken(at(2));

        this.store.down = false;

        await().until(() -> !this.store.saved.isEmpty());
        assertThat(this.store.saved).containsExactly(taken(2));
        assertThat(positions.flush(FOR_EVER)).isTrue();
        assertThat(this.reasons).containsOnly("the store is down");
    }

    @Test
    void whateverIsThrownWhenItIsSavedItIsTriedAgain() {
        StoredPositions positions = positions(Duration.ofMillis(1));
        this.store.thrown.set(new IOException("no disk"));
        positions.take("clerk", CHANNEL).taken(at(1));

        await().untilAsserted(() -> assertThat(this.store.saved).containsExactly(taken(1)));
        assertThat(this.reasons).containsExactly("no disk");
        assertThat(positions.flush(FOR_EVER)).isTrue();
    }

    @Test
    void whateverIsThrownWhenItIsLoadedItIsTriedAgain() {
        StoredPositions.Place place = positions(Duration.ofMillis(1)).take("clerk", CHANNEL);
        this.store.known = taken(7);
        this.store.thrown.set(new NoClassDefFoundError("no driver"));

        assertThat(load(place)).isEqualTo(taken(7));
        assertThat(this.reasons).containsExactly("no driver");
    }

    @Test
    void aPositionThatCannotBeIsLoadedAgain() {
        StoredPositions.Place place = positions(Duration.ofMillis(1)).take("clerk", CHANNEL);
        this.store.known = new ListenerPosition(at(7), Instant.MIN);
        CompletableFuture<@Nullable ListenerPosition> loaded = new CompletableFuture<>();
        place.load(loaded::complete, reason -> {});
        await().until(() -> this.failures.get() >= 1);

        this.store.known = taken(8);

        assertThat(loaded).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(taken(8));
    }

    @Test
    void aPlaceThatCannotBeSavedHoldsUpNoOther() {
        StoredPositions positions = positions(Duration.ofMillis(100));
        this.store.downFor = "news";
        positions.take("clerk", CHANNEL).taken(at(1));
        // the next attempt is in more than 1.5 seconds then
        await().until(() -> this.failures.get() == 7);

        positions.take("clerk", ChannelName.of("other")).taken(at(2));

        await().atMost(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(this.store.saved).containsExactly(taken(2)));
        assertThat(this.failures).hasValue(7);
        this.store.downFor = null;
        // whoever stops does not wait for that attempt
        assertThat(positions.flush(500)).isTrue();
        assertThat(this.store.saved).containsExactly(taken(2), taken(1));
    }

    @Test
    void aListenerWaitsUntilItIsKnownWhereItWas() {
        StoredPositions.Place place = positions(Duration.ofMillis(1)).take("clerk", CHANNEL);
        this.store.known = taken(7);
        this.store.down = true;
        CompletableFuture<@Nullable ListenerPosition> loaded = new CompletableFuture<>();
        List<String> reasons = new CopyOnWriteArrayList<>();
        place.load(loaded::complete, reasons::add);
        await().until(() -> this.failures.get() >= 2);
        assertThat(reasons).first().asString().endsWith("could not be loaded: the store is down");
        assertThat(loaded).isNotDone();

        this.store.down = false;

        assertThat(loaded).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(taken(7));
        // so that the store does not forget it
        await().until(() -> !this.store.saved.isEmpty());
        assertThat(this.store.saved).containsExactly(taken(7));
    }

    @Test
    void nobodyAsksForAListenerThatIsGone() {
        StoredPositions.Place place = positions(Duration.ofMillis(1)).take("clerk", CHANNEL);
        this.store.down = true;
        place.load(position -> {}, reason -> {});
        await().until(() -> this.failures.get() >= 1);

        place.leave();

        // one may be on its way
        int loads = this.store.loads.get() + 1;
        await().during(Duration.ofMillis(500)).until(() -> this.store.loads.get() <= loads);
    }

    @Test
    void whatTheStoreDoesNotKnowYetIsKnown() {
        StoredPositions positions = positions(Duration.ofHours(1));
        StoredPositions.Place place = positions.take("clerk", CHANNEL);
        place.taken(at(5));
        place.leave();

        StoredPositions.Place again = positions.take("clerk", CHANNEL);

        assertThat(load(again)).isEqualTo(taken(5));
        assertThat(this.store.loads).hasValue(0);
    }

    @Test
    void aCallThatOutlivesItsListenerCountsIfNobodyHasItsPlace() {
        StoredPositions positions = positions(Duration.ofHours(1));
        StoredPositions.Place place = positions.take("clerk", CHANNEL);
        place.taken(at(4));
        assertThat(positions.flush(FOR_EVER)).isTrue();
        place.leave();
        place.taken(at(5));
        assertThat(positions.flush(FOR_EVER)).isTrue();
        assertThat(this.store.saved).containsExactly(taken(4), taken(5));
        place.taken(at(6));

        assertThat(load(positions.take("clerk", CHANNEL))).isEqualTo(taken(6));
    }

    @Test
    void aCallThatOutlivesItsListenerTurnsNothingBack() {
        StoredPositions positions = positions(Duration.ofHours(1));
        StoredPositions.Place first = positions.take("clerk", CHANNEL);
        first.leave();
        StoredPositions.Place second = positions.take("clerk", CHANNEL);
        second.taken(at(50));
        assertThat(positions.flush(FOR_EVER)).isTrue();
        first.taken(at(1));
        second.leave();
        first.taken(at(2));
        StoredPositions.Place third = positions.take("clerk", CHANNEL);
        first.taken(at(3));
        // and it is not the first one's to leave
        first.leave();
        assertThat(positions.flush(FOR_EVER)).isTrue();

        assertThat(this.store.saved).containsExactly(taken(50));
        assertThat(load(third)).isEqualTo(taken(50));
        assertThatIllegalArgumentException().isThrownBy(() -> positions.take("clerk", CHANNEL));
    }

    @Test
    void aCallThatOutlivesItsListenerCountsUntilTheNextOneBegins() {
        StoredPositions positions = positions(Duration.ofHours(1));
        StoredPositions.Place first = positions.take("clerk", CHANNEL);
        first.taken(at(4));
        assertThat(positions.flush(FOR_EVER)).isTrue();
        first.leave();
        StoredPositions.Place second = positions.take("clerk", CHANNEL);
        first.taken(at(5));
        assertThat(load(second)).isEqualTo(taken(5));
        first.taken(at(6));
        assertThat(positions.flush(FOR_EVER)).isTrue();

        assertThat(this.store.saved).containsExactly(taken(4), taken(5));
    }

    @Test
    void flushingWaitsForWhatThereIsAndNotForWhatComes() throws Exception {
        StoredPositions positions = positions(Duration.ofHours(1));
        this.store.answersAfter = 20;
        StoredPositions.Place busy = positions.take("clerk", CHANNEL);
        AtomicBoolean flushed = new AtomicBoolean();
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Void> taking = CompletableFuture.runAsync(() -> {
            for (int i = 0; !flushed.get(); i++) {
                busy.taken(at(i));
                begun.countDown();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
        });
        assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();

        boolean done = positions.flush(3000);

        flushed.set(true);
        taking.join();
        assertThat(done).isTrue();
        assertThat(this.store.saved).isNotEmpty();
    }

    @Test
    void whereAListenerBeginsIsSavedIfItHasTakenNothingYet() {
        StoredPositions positions = positions(Duration.ofHours(1));
        StoredPositions.Place place = positions.take("clerk", CHANNEL);
        assertThat(load(place)).isNull();
        place.begunAt(StreamPosition.ORIGIN, 77);
        assertThat(positions.flush(FOR_EVER)).isTrue();
        place.taken(at(5));
        place.begunAt(StreamPosition.ORIGIN, 88);
        assertThat(positions.flush(FOR_EVER)).isTrue();

        assertThat(this.store.saved)
                .containsExactly(new ListenerPosition(StreamPosition.ORIGIN, Instant.ofEpochMilli(77)), taken(5));
    }

    @Test
    void untilWhenNothingWasMissingCountsWhenAllIsTaken() {
        StoredPositions positions = positions(Duration.ofHours(1));
        StoredPositions.Place place = positions.take("clerk", CHANNEL);
        place.taken(at(5));
        place.upToDate(at(6), 99);
        assertThat(positions.flush(FOR_EVER)).isTrue();
        place.taken(at(6));
        assertThat(positions.flush(FOR_EVER)).isTrue();

        assertThat(this.store.saved).containsExactly(taken(5), new ListenerPosition(at(6), Instant.ofEpochMilli(99)));
    }

    @Test
    void aPlaceIsOneListeners() {
        StoredPositions positions = positions(Duration.ofHours(1));
        StoredPositions.Place place = positions.take("clerk", CHANNEL);
        positions.take("other", CHANNEL);
        positions.take("clerk", ChannelName.of("other"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> positions.take("clerk", CHANNEL))
                .withMessageContaining("Two listeners on the shard channel 'news' are called 'clerk'");

        place.leave();

        positions.take("clerk", CHANNEL);
    }

    @Test
    void memoryForgetsWhatWasNotSavedForLong() {
        AtomicLong clock = new AtomicLong();
        MemoryPositionStore memory = new MemoryPositionStore(Duration.ofDays(2), clock::get);
        memory.save("clerk", "old", taken(1));
        memory.save("clerk", "saved again", taken(2));
        clock.addAndGet(TimeUnit.DAYS.toNanos(1));
        memory.save("clerk", "saved again", taken(3));
        clock.addAndGet(TimeUnit.DAYS.toNanos(1) + 1);

        assertThat(memory.load("clerk", "old")).isCompletedWithValue(null);
        assertThat(memory.load("clerk", "saved again")).isCompletedWithValue(taken(3));
        assertThat(memory.load("other", "saved again")).isCompletedWithValue(null);
    }
}
