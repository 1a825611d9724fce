package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PatientExecutorTests {

    private final List<Runnable> offered = new CopyOnWriteArrayList<>();

    private final AtomicInteger refusals = new AtomicInteger();

    private volatile boolean refusing = true;

    private volatile boolean withoutThreads;

    private final PatientExecutor executor = new PatientExecutor(this::take, this.refusals::incrementAndGet);

    private void take(Runnable task) {
        this.offered.add(task);
        if (this.withoutThreads) {
            throw new OutOfMemoryError("unable to create native thread");
        }
        if (this.refusing) {
            throw new RejectedExecutionException("full");
        }
        task.run();
    }

    @Test
    void offersAgainInOrderWhatIsRefusedUntilItIsTaken() {
        List<Integer> done = new CopyOnWriteArrayList<>();
        IntStream.range(0, 5).forEach(i -> this.executor.execute(() -> done.add(i)));
        assertThat(done).isEmpty();
        this.refusing = false;
        await().untilAsserted(() -> assertThat(done).containsExactly(0, 1, 2, 3, 4));
        assertThat(this.refusals.get()).isGreaterThanOrEqualTo(5);

        this.refusing = true;
        this.executor.execute(() -> done.add(5));
        this.refusing = false;
        await().untilAsserted(() -> assertThat(done).endsWith(5));
    }

    @Test
    void offersTheFirstAloneAsLongAsThatIsRefused() {
        List<Runnable> tasks = IntStream.range(0, 50)
                .<Runnable>mapToObj(i -> () -> this.refusals.addAndGet(-i))
                .toList();
        tasks.forEach(this.executor::execute);
        await().until(() -> this.refusals.get() >= 53);
        assertThat(this.offered.subList(50, 53)).containsOnly(this.offered.get(0));
    }

    @Test
    void takesAnErrorForARefusal() {
        AtomicInteger done = new AtomicInteger();
        this.refusing = false;
        this.withoutThreads = true;
        this.executor.execute(done::incrementAndGet);
        this.withoutThreads = false;
        await().until(() -> done.get() == 1);
        assertThat(this.refusals).hasPositiveValue();
    }

    @Test
    void offersNothingOnceItIsClosed() {
        AtomicInteger done = new AtomicInteger();
        this.executor.execute(done::incrementAndGet);
        this.executor.close();
        this.refusing = false;
        this.executor.execute(done::incrementAndGet);
        await().during(Duration.ofMillis(300)).until(() -> done.get() == 0);
    }
}
