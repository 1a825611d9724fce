package io.github.shardedpubsub.test;

import org.jspecify.annotations.Nullable;

/**
 * Something a {@link RedisCluster} was asked for did not come about: a server did not start or answer, a wait ran out, or a server refused.
 *
 * <p>The message says what was seen, what it means and what to do.
 */
public class RedisClusterException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    RedisClusterException(String message) {
        super(message);
    }

    RedisClusterException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The message without the log lines below it. */
    final String headline() {
        return String.valueOf(getMessage()).lines().findFirst().orElse("");
    }
}
