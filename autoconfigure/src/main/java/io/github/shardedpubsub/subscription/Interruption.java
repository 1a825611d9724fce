package io.github.shardedpubsub.subscription;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A time during which a wanted channel was not confirmed although it had been.
 *
 * @param cause what began it
 * @param since when it began
 * @param from the node that served the channel before
 * @param duration from its beginning to the next confirmation, or null while it lasts
 * @param detail what was seen last, for people: an error of the server, or why the connection went
 */
public record Interruption(
        InterruptionCause cause,
        Instant since,
        NodeAddress from,
        @Nullable Duration duration,
        String detail) {}
