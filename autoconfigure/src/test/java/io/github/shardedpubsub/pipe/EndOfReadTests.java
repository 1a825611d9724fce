package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EndOfReadTests {

    private final List<String> ran = new ArrayList<>();

    private Runnable task(String name) {
        return () -> this.ran.add(name);
    }

    @Test
    void whereNothingIsReadATaskRunsAtOnce() {
        EndOfRead.run(task("a"));
        assertThat(this.ran).containsExactly("a");
        OneRead.during(() -> {});
        EndOfRead.run(task("b"));
        assertThat(this.ran).containsExactly("a", "b");
    }

    @Test
    void whileSomethingIsReadTasksWaitForItsEndAndRunOnceInTheirOrder() {
        OneRead.during(() -> {
            EndOfRead.run(task("a"));
            EndOfRead.run(task("b"));
            assertThat(this.ran).isEmpty();
        });
        assertThat(this.ran).containsExactly("a", "b");
        OneRead.during(() -> {});
        assertThat(this.ran).hasSize(2);
    }

    @Test
    void theyRunEarlierWhereSomebodyAsks() {
        OneRead.during(() -> {
            EndOfRead.run(task("a"));
            EndOfRead.runNow();
            assertThat(this.ran).containsExactly("a");
            EndOfRead.run(task("b"));
            assertThat(this.ran).containsExactly("a");
        });
        assertThat(this.ran).containsExactly("a", "b");
    }

    @Test
    void aTaskThatLeadsToAnotherIsFollowedByIt() {
        OneRead.during(() -> EndOfRead.run(() -> {
            this.ran.add("a");
            EndOfRead.run(task("b"));
        }));
        assertThat(this.ran).containsExactly("a", "b");
    }

    @Test
    void whatOneThreadReadsHoldsUpNoOther() {
        OneRead.during(() -> {
            CompletableFuture.runAsync(() -> EndOfRead.run(task("other"))).join();
            assertThat(this.ran).containsExactly("other");
        });
    }
}
