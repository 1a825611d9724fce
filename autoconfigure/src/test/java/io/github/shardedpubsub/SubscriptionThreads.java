package io.github.shardedpubsub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;

/** The threads of subscriptions that have begun since this was made; applications of other tests may have theirs still. */
public final class SubscriptionThreads {

    /** It has nothing more to do, but the machine may. */
    private static final Duration THREAD_END = Duration.ofSeconds(2);

    private final Set<Thread> before = alive();

    private static Set<Thread> alive() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("sharded-pubsub"))
                .collect(Collectors.toSet());
    }

    /** Fails if there is one that does not end. */
    public void assertNoneIsLeft() {
        await().atMost(THREAD_END).untilAsserted(() -> {
            Set<Thread> left = alive();
            left.removeAll(this.before);
            assertThat(left).as("threads of closed subscriptions").isEmpty();
        });
    }
}
