package io.github.shardedpubsub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.Collectors;

/** The threads of subscriptions that have begun since this was made; applications of other tests may have theirs still. */
public final class SubscriptionThreads {

    private final Set<Thread> before = alive();

    private static Set<Thread> alive() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("sharded-pubsub"))
                .collect(Collectors.toSet());
    }

    /** Fails while there is one. */
    public void assertNoneIsLeft() {
        Set<Thread> left = alive();
        left.removeAll(this.before);
        assertThat(left).as("threads of closed subscriptions").isEmpty();
    }
}
