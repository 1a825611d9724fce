package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.recovery.StreamPosition;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message that a server has taken.
 *
 * @param sent just before it was sent
 * @param answered just after the answer
 * @param receivers how many subscribers the answering node counted
 * @param position its place in the channel's history, null for a channel that has none
 */
record Publication(
        long number,
        Instant sent,
        Instant answered,
        long receivers,
        @Nullable StreamPosition position) {}
