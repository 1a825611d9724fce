package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One thread for tasks of now and of later. */
class ThreadTimelineTests {

    private static final long LIMIT_SECONDS = 10;

    private final ThreadTimeline timeline = new ThreadTimeline("a timeline");

    private final CountDownLatch done = new CountDownLatch(1);

    @AfterEach
    void stop() {
        this.timeline.stop();
    }

    private void awaitDone() throws InterruptedException {
        assertThat(this.done.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void tasksRunInTheirOrderHoweverManyThereAre() throws InterruptedException {
        int count = 10_000;
        List<Integer> run = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            this.timeline.execute(() -> run.add(number));
        }
        this.timeline.execute(this.done::countDown);
        awaitDone();
        assertThat(run).hasSize(count).isSorted();
    }

    @Test
    void aTaskHandedInByATaskRunsBehindThoseThatWaitAlready() throws InterruptedException {
        List<String> run = new ArrayList<>();
        CountDownLatch begin = new CountDownLatch(1);
        this.timeline.execute(() -> {
            awaitQuietly(begin);
            this.timeline.execute(() -> {
                run.add("third");
                this.done.countDown();
            });
            run.add("first");
        });
        this.timeline.execute(() -> run.add("second"));
        begin.countDown();
        awaitDone();
        assertThat(run).containsExactly("first", "second", "third");
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void tasksWithoutAnEndDoNotHoldUpThoseWhoseTimeHasCome() throws InterruptedException {
        AtomicBoolean stopped = new AtomicBoolean();
        Runnable endless = new Runnable() {

            @Override
            public void run() {
                if (!stopped.get()) {
                    ThreadTimelineTests.this.timeline.execute(this);
                }
            }
        };
        this.timeline.execute(endless);
        this.timeline.schedule(Duration.ofMillis(1), this.done::countDown);
        awaitDone();
        stopped.set(true);
    }

    @Test
    void aTaskThatFailsHoldsUpNone() throws InterruptedException {
        this.timeline.execute(() -> {
            throw new IllegalStateException("as a defect would");
        });
        this.timeline.execute(this.done::countDown);
        awaitDone();
    }

    @Test
    void nothingRunsOnceItIsStopped() throws InterruptedException {
        AtomicBoolean run = new AtomicBoolean();
        this.timeline.execute(() -> {
            this.timeline.stop();
            this.timeline.execute(() -> run.set(true));
            this.done.countDown();
        });
        awaitDone();
        this.timeline.execute(() -> run.set(true));
        assertThat(run).isFalse();
    }
}
