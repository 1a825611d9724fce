package io.github.shardedpubsub.publisher;

import java.time.Duration;

/**
 * How a {@link ShardedPublisher} goes about it.
 *
 * @param retryTimeout how long a message that no node has taken is offered again, from its first refusal on; zero for never, but for
 *     the first redirect, which is always followed
 */
public record PublisherSettings(Duration retryTimeout) {

    /** 2 seconds. */
    public static final PublisherSettings DEFAULTS = new PublisherSettings(Duration.ofSeconds(2));

    public PublisherSettings {
        if (retryTimeout.isNegative()) {
            throw new IllegalArgumentException("The retry timeout must not be negative");
        }
    }
}
