package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

class PageClientTests {

    private final Queue<Runnable> tasks = new ArrayDeque<>();

    private final List<Object> sent = new ArrayList<>();

    private boolean broken;

    private boolean completed;

    private final PageClient client = new PageClient(
            new SseEmitter() {

                @Override
                public void send(Object object, @Nullable MediaType mediaType) throws IOException {
                    if (PageClientTests.this.broken) {
                        throw new IOException("broken pipe");
                    }
                    PageClientTests.this.sent.add(object);
                }

                @Override
                public void complete() {
                    PageClientTests.this.completed = true;
                }
            },
            this.tasks::add);

    private void run() {
        for (Runnable task = this.tasks.poll(); task != null; task = this.tasks.poll()) {
            task.run();
        }
    }

    @Test
    void updatesAreSentInOrderByOneTaskAtATime() {
        this.client.offer("one");
        this.client.offer("two");
        assertThat(this.tasks).hasSize(1);
        run();
        assertThat(this.client.offer("three")).isTrue();
        run();
        assertThat(this.sent).containsExactly("one", "two", "three");
    }

    @Test
    void aPageThatDoesNotKeepUpIsSentAway() {
        int taken = 0;
        while (this.client.offer("update") && taken < 1000) {
            taken++;
        }
        assertThat(taken).isBetween(1, 999);
        run();
        assertThat(this.completed).isTrue();
        assertThat(this.sent).isEmpty();
        assertThat(this.client.offer("more")).isFalse();
        assertThat(this.tasks).isEmpty();
    }

    @Test
    void aPageThatHasGoneIsToldNothingMore() {
        this.broken = true;
        this.client.offer("one");
        this.client.offer("two");
        run();
        this.broken = false;
        assertThat(this.client.offer("three")).isFalse();
        run();
        assertThat(this.sent).isEmpty();
    }
}
